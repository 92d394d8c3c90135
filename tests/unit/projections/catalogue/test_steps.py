"""How a checkpoint moves."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.projections.catalogue.examples import recorded

from headrace_broker.feed import Start
from headrace_broker.follower import Partition
from headrace_events.envelope import Position
from headrace_events.member import MemberRemoved
from headrace_events.project import ProjectClosing, ProjectReady
from headrace_events.topic import OpenedTopic
from headrace_projections.checkpoint import Step, after
from headrace_projections.projector import steps_of

PLATFORM = Partition("headrace.platform", "p", 0)
FLIGHTS = Partition("flights.events", "f", 0)


def test_an_event_moves_offset_and_sequence() -> None:
    event = replace(recorded(MemberRemoved(user="bob"), seq=4), at=Position("f", 0, 8))
    steps = steps_of({FLIGHTS: Start(7, 3)}, {FLIGHTS: 9}, [event])
    assert steps == [Step(FLIGHTS, Start(7, 3), Start(9, 4))]


def test_markers_alone_move_the_offset_and_keep_the_sequence() -> None:
    assert steps_of({FLIGHTS: Start(9, 4)}, {FLIGHTS: 10}, []) == [Step(FLIGHTS, Start(9, 4), Start(10, 4))]


def test_what_did_not_move_is_not_written() -> None:
    assert steps_of({FLIGHTS: Start(10, 4)}, {FLIGHTS: 10}, []) == []


def test_a_project_gets_its_row_in_the_step_that_makes_it_ready() -> None:
    topics = (
        OpenedTopic(name="flights.events", topic_id="f", partitions=1, purpose="events"),
        OpenedTopic(name="flights.runs", topic_id="r", partitions=1, purpose="runs"),
    )
    ready = replace(recorded(ProjectReady(project="flights", topics=topics), seq=2), at=Position("p", 0, 3))
    steps = steps_of({PLATFORM: Start(2, 1)}, {PLATFORM: 4}, [ready])
    assert set(map(str, steps)) == {
        str(Step(FLIGHTS, None, Start(0, 0))),
        str(Step(PLATFORM, Start(2, 1), Start(4, 2))),
    }


def test_a_project_whose_first_events_come_in_the_same_batch_gets_one_row() -> None:
    topics = (OpenedTopic(name="flights.events", topic_id="f", partitions=1, purpose="events"),)
    ready = replace(recorded(ProjectReady(project="flights", topics=topics)), at=Position("p", 0, 0))
    member = replace(recorded(MemberRemoved(user="bob"), seq=1), at=Position("f", 0, 0))
    steps = steps_of({}, {PLATFORM: 1, FLIGHTS: 1}, [ready, member])
    assert sorted(map(str, steps)) == sorted(
        [str(Step(FLIGHTS, None, Start(1, 1))), str(Step(PLATFORM, None, Start(1, 1)))]
    )


def test_a_project_that_is_closing_loses_its_row_whatever_else_was_read_of_it() -> None:
    closing = replace(recorded(ProjectClosing(project="flights"), seq=9), at=Position("p", 0, 20))
    before = {PLATFORM: Start(20, 8), FLIGHTS: Start(7, 3)}
    steps = steps_of(before, {PLATFORM: 21, FLIGHTS: 12}, [closing])
    assert steps == [Step(FLIGHTS, Start(7, 3), None), Step(PLATFORM, Start(20, 8), Start(21, 9))]
    assert after(before, steps) == {PLATFORM: Start(21, 9)}
