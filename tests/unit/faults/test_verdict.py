"""The verdict over a history finds each thing that must not be."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.integration.faults.history import History, Written
from tests.integration.faults.load import Sent
from tests.integration.faults.verdict import violations

from headrace_broker.results import Result
from headrace_events.envelope import Request
from headrace_events.ids import CommandId
from headrace_events.user import CreateUser
from headrace_schemas.records import to_record

TOPIC = "headrace.platform"
Story = tuple[list[Sent], History]


def command(number: int) -> CommandId:
    return CommandId(str(uuid.UUID(int=number)))


def written(number: int) -> Written:
    cause = command(number)
    return Written(
        topic=TOPIC,
        position=f"t:0:{2 * number}",
        aggregate=f"user/u{number}",
        id=str(uuid.uuid5(uuid.UUID(cause), "0")),
        cause=cause,
        seq=number,
        version=1,
        type="user.created",
        body={"user": f"u{number}", "administrator": False},
    )


def story() -> Story:
    """Three users are made, and their senders told so; a fourth is refused; nobody waited for the fifth."""
    events = [written(number) for number in (1, 2, 3, 5)]
    events[3] = replace(events[3], seq=4)
    results = {
        event.cause: Result(
            command_id=CommandId(event.cause), accepted=True, events=(event.id,), positions=(event.position,)
        )
        for event in events
    }
    results[command(4)] = Result(command_id=command(4), accepted=False, code="user-exists")
    sent = [
        Sent(
            Request(command=CreateUser(user=f"u{number}"), id=command(number), actor="user:root"),
            [results[command(number)]] * (number != 5),
        )
        for number in range(1, 6)
    ]
    outcomes: dict[str, list[Any]] = {cause: [to_record(result)] for cause, result in results.items()}
    return sent, History({TOPIC: events}, outcomes)


def lose_an_event(story: Story) -> None:
    story[1].topics[TOPIC].pop()


def write_an_event_twice(story: Story) -> None:
    events = story[1].topics[TOPIC]
    events.append(replace(events[0], seq=5, version=2))


def apply_a_command_twice(story: Story) -> None:
    events = story[1].topics[TOPIC]
    events.append(replace(events[0], seq=5, version=2, id=str(uuid.uuid5(uuid.UUID(events[0].cause), "1"))))


def leave_out_a_number(story: Story) -> None:
    events = story[1].topics[TOPIC]
    events[-1] = replace(events[-1], seq=6)


def give_a_version_again(story: Story) -> None:
    events = story[1].topics[TOPIC]
    events[1] = replace(events[1], aggregate=events[0].aggregate)


def do_what_was_refused(story: Story) -> None:
    story[1].topics[TOPIC].append(replace(written(4), seq=5))


def answer_a_repetition_differently(story: Story) -> None:
    first = story[0][0].answers[0]
    story[0][0].answers.append(replace(first, version=7))


def write_two_outcomes(story: Story) -> None:
    (first,) = story[1].outcomes[command(1)]
    story[1].outcomes[command(1)].append({**first, "version": 7})


def lose_an_outcome(story: Story) -> None:
    story[1].outcomes[command(2)].clear()


def acknowledge_at_another_place(story: Story) -> None:
    answers = story[0][0].answers
    answers[0] = replace(answers[0], positions=("t:0:99",))


def commit_half_of_a_transaction(story: Story) -> None:
    events = story[1].topics[TOPIC]
    events[-1] = replace(events[-1], id=str(uuid.uuid5(uuid.UUID(events[-1].cause), "1")))


def test_a_history_that_is_what_the_senders_were_told_has_no_violation() -> None:
    assert violations(*story()) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lose_an_event, "0 are on the log"),
        (write_an_event_twice, "happened 2 times"),
        (apply_a_command_twice, "was applied 2 times"),
        (leave_out_a_number, "event 6 (user.created) where event 4 was due"),
        (give_a_version_again, "user/u1 at version 1, not 2"),
        (do_what_was_refused, "has events, and no outcome that accepts it"),
        (answer_a_repetition_differently, "was answered differently"),
        (write_two_outcomes, "has several outcomes"),
        (lose_an_outcome, "no outcome is on the log"),
        (acknowledge_at_another_place, "its events are elsewhere"),
        (commit_half_of_a_transaction, "has some of its events only"),
    ],
)
def test_each_violation_is_named(damage: Callable[[Story], None], said: str) -> None:
    damaged = story()
    damage(damaged)
    assert any(said in found for found in violations(*damaged)), violations(*damaged)
