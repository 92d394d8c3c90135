"""What a process remembers of what it has said."""

from __future__ import annotations

from headrace_api.said import Said
from headrace_events.ids import Micros


def test_a_name_is_said_once_until_its_moment() -> None:
    said = Said[str]()
    assert said.first("ada", Micros(1), until=Micros(5))
    assert not said.first("ada", Micros(4), until=Micros(8))
    assert said.first("ada", Micros(5), until=Micros(9))


def test_what_was_not_said_after_all_is_said_again() -> None:
    said = Said[str]()
    assert said.first("ada", Micros(1), until=Micros(5))
    said.unsaid("ada")
    said.unsaid("nobody")
    assert said.first("ada", Micros(2), until=Micros(5))


def test_what_is_over_is_forgotten() -> None:
    said = Said[str]()
    for moment in range(1_000):
        assert said.first(f"key-{moment}", Micros(moment), until=Micros(moment + 10))
    assert len(said) == 10


def test_only_so_many_are_remembered_and_the_oldest_give_way() -> None:
    said = Said[str](most=2)
    for name in ("ada", "bob", "eve"):
        assert said.first(name, Micros(1), until=Micros(5))
    assert len(said) == 2
    assert said.first("ada", Micros(2), until=Micros(5))
    assert not said.first("eve", Micros(2), until=Micros(5))
