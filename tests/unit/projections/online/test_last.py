"""Which row of a key counts, and what its table is called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.projections.rows.things import SCHEMAS, THINGS, delete, record

from headrace_broker.record import Record
from headrace_projections.online.last import last_per_key
from headrace_projections.online.tables import table_name
from headrace_projections.rows.fit import fit


def made(number: int, of: tuple[str, int, int, bool]) -> Record:
    entity, at, known, gone = of
    headers = {"headrace_known_at": str(known)}
    if gone:
        return delete(entity, number, at, headers=headers)
    return record({"id": entity, "at": at, "number": number}, number, headers=headers)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 2), st.booleans()), min_size=1, max_size=30
    )
)
def test_the_last_by_event_time_known_at_and_offset_is_chosen(changes: list[tuple[str, int, int, bool]]) -> None:
    fitted = fit(THINGS, SCHEMAS, [made(number, change) for number, change in enumerate(changes)])
    chosen = {
        rows.keys[row]: int(rows.offset[row]) for rows, indexes in last_per_key(fitted.rows) for row in indexes.tolist()
    }
    expected: dict[str, tuple[int, int, int]] = {}
    for number, (entity, at, known, _) in enumerate(changes):
        expected[entity] = max(expected.get(entity, (-1, -1, -1)), (at, known, number))
    assert sorted(chosen.values()) == sorted(offset for _, _, offset in expected.values())


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", fullmatch=True),
            st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True),
            st.integers(1, 10**6),
        ),
        unique=True,
        max_size=30,
    )
)
def test_two_groups_never_share_a_table(groups: list[tuple[str, str, int]]) -> None:
    names = [table_name(*group) for group in groups]
    assert len(set(names)) == len(groups)
    assert all(len(name) <= 63 for name in names)
