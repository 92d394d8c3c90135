"""What a flood of refusals leaves in the audit trail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headrace_broker.audit import Act, Outcome
from headrace_broker.flood import MOST_WINDOWS, WINDOW_US, WRITTEN, Flood
from headrace_events.ids import Micros


def refusal(at: int, actor: str = "user:bob", code: str = "owners-only", project: str = "flights") -> Act:
    return Act(
        at=Micros(at),
        actor=actor,
        act="topic.create",
        outcome=Outcome.REFUSED,
        code=code,
        message="no",
        project=project,
        address="192.0.2.7",
    )


def test_few_refusals_are_written_as_they_come() -> None:
    flood = Flood()
    acts = [refusal(number) for number in range(WRITTEN)]
    assert [flood.take(act) for act in acts] == [[act] for act in acts]
    assert flood.ended(Micros(2 * WINDOW_US)) == []


def test_of_many_the_first_are_written_and_the_others_counted_at_the_minutes_end() -> None:
    flood = Flood()
    written = [act for number in range(500) for act in flood.take(refusal(number))]
    assert len(written) == WRITTEN
    assert flood.ended(Micros(WINDOW_US - 1)) == []
    (summary,) = flood.ended(Micros(WINDOW_US))
    assert (summary.count, summary.actor, summary.code, summary.project) == (490, "user:bob", "owners-only", "flights")
    assert summary.message.startswith("490 more like this within a minute")
    assert flood.take(refusal(WINDOW_US + 1)) == [refusal(WINDOW_US + 1)]


def test_one_flood_hides_no_other_refusal() -> None:
    flood = Flood()
    for number in range(100):
        flood.take(refusal(number))
    for other in (refusal(101, actor="user:eve"), refusal(101, code="x"), refusal(101, project="rival")):
        assert flood.take(other) == [other]


def test_a_flood_of_all_kinds_is_bounded_and_still_counted() -> None:
    flood = Flood()
    count = 5 * MOST_WINDOWS
    written = [act for number in range(count) for act in flood.take(refusal(number, project=f"p{number}"))]
    assert len(written) == MOST_WINDOWS + WRITTEN
    (summary,) = flood.rest()
    assert (summary.actor, summary.project, summary.code) == ("various", None, "owners-only")
    assert len(written) + summary.count == count


ACTS = st.builds(
    refusal,
    st.integers(0, 5 * WINDOW_US),
    actor=st.sampled_from(["user:a", "user:b"]),
    code=st.sampled_from(["x", "y"]),
)


@given(st.lists(ACTS, max_size=200))
def test_every_refusal_is_written_or_counted(acts: list[Act]) -> None:
    flood = Flood()
    told = [told for act in sorted(acts, key=lambda act: act.at) for told in flood.take(act)]
    assert sum(act.count for act in [*told, *flood.rest()]) == len(acts)
