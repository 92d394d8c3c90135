"""What is kept of schemas is bounded by their length, not by their number."""

from headrace_events.avro import Written
from headrace_schemas.avro import ApacheAvro
from headrace_schemas.avro.kept import Kept
from headrace_schemas.avro.rules import KEPT


def schema(number: int, size: int) -> Written:
    return Written(text=str(number).rjust(size))


def test_the_one_that_was_not_asked_for_the_longest_goes_first() -> None:
    kept: Kept[int] = Kept(4_000)
    for number in range(3):
        kept.keep(schema(number, 1_000), number)
    assert kept.get(schema(0, 1_000)) == 0
    kept.keep(schema(3, 1_000), 3)
    assert [kept.get(schema(number, 1_000)) for number in range(4)] == [0, None, 2, 3]


def test_what_is_referred_to_counts_and_what_is_larger_than_all_is_not_kept() -> None:
    kept: Kept[int] = Kept(4_000)
    large = Written(text='"int"', referenced=("x" * 5_000,))
    kept.keep(large, 1)
    assert kept.get(large) is None
    assert kept.length == 0


def test_many_large_schemas_do_not_fill_the_memory() -> None:
    for number in range(20):
        doc = f"{number}" + "x" * 800_000
        ApacheAvro().form(Written(text=f'{{"type":"record","name":"R","doc":"{doc}","fields":[]}}'))
    assert KEPT.length <= KEPT.most < 5_000_000
