"""Whether a history is what the senders were told: every way in which it is not, in a sentence."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator

from tests.integration.faults.history import History, Written
from tests.integration.faults.load import Sent


def violations(sent: Iterable[Sent], history: History) -> list[str]:
    """Nothing acknowledged is lost, nothing refused or done twice happened, and everything is numbered 1 to n."""
    by_cause: dict[str, list[Written]] = defaultdict(list)
    for events in history.topics.values():
        for event in events:
            by_cause[event.cause].append(event)
    return [
        *_numbering(history),
        *_repetitions(history),
        *(found for one in sent for found in _promises(one, by_cause[one.request.id], history)),
    ]


def _numbering(history: History) -> Iterator[str]:
    for topic, events in history.topics.items():
        versions = Counter[str]()
        for due, event in enumerate(events, start=1):
            if event.seq != due:
                yield f"{topic}: event {event.seq} ({event.type}) where event {due} was due"
            versions[event.aggregate] += 1
            if event.version != versions[event.aggregate]:
                yield f"{topic}: {event.aggregate} at version {event.version}, not {versions[event.aggregate]}"


def _repetitions(history: History) -> Iterator[str]:
    every = [event for events in history.topics.values() for event in events]
    for name, count in Counter(event.id for event in every).items():
        if count > 1:
            yield f"event {name} happened {count} times"
    for topic, events in history.topics.items():
        runs = [event.cause for before, event in zip([None, *events], events, strict=False) if _begins(before, event)]
        for cause, count in Counter(runs).items():
            if count > 1:
                yield f"{topic}: command {cause} was applied {count} times"


def _begins(before: Written | None, event: Written) -> bool:
    return before is None or before.cause != event.cause


def _promises(sent: Sent, events: list[Written], history: History) -> Iterator[str]:
    """What became of one command: one outcome, told alike to everybody, with all of its events or none."""
    command = sent.request.id
    said = f"command {command} ({sent.request.command})"
    outcomes = history.outcomes.get(command, [])
    accepted = {outcome["accepted"] for outcome in outcomes}
    if any(outcome != outcomes[0] for outcome in outcomes):
        yield f"{said} has several outcomes: {outcomes}"
    if any(answer != sent.answers[0] for answer in sent.answers):
        yield f"{said} was answered differently: {sent.answers}"
    if sent.answers and not outcomes:
        yield f"{said} was answered, but no outcome is on the log"
    if events and accepted != {True}:
        yield f"{said} has events, and no outcome that accepts it"
    if {event.id for event in events} != {str(uuid.uuid5(uuid.UUID(command), str(n))) for n in range(len(events))}:
        yield f"{said} has some of its events only: {events}"
    for name, ids, positions in _told(sent, history):
        if set(ids) != {event.id for event in events}:
            yield f"{said} was accepted with {len(ids)} events by its {name}; {len(events)} are on the log"
        if not set(positions) <= {event.position for event in events}:
            yield f"{said} was accepted at {positions} by its {name}; its events are elsewhere"


def _told(sent: Sent, history: History) -> Iterator[tuple[str, Collection[str], Collection[str]]]:
    for answer in sent.answers:
        yield "answer", answer.events, answer.positions
    for outcome in history.outcomes.get(sent.request.id, []):
        yield "outcome", outcome["events"], outcome["positions"]
