"""What clients of a registry were told, held against a log: each thing that must not be is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.integration.faults.history import History, Written
from tests.integration.faults.registered import contradictions

from headrace_bench.registering import CLIENTS, Version, wishes

Story = tuple[dict[Version, int], History]
PLATFORM, PROJECT = "headrace.platform", "p.events"
A, B = Version(subject="s", schema='"int"'), Version(subject="s", schema='"long"')
AGAIN = Version(subject="t", schema='"int"')


def written(type_: str, **body: Any) -> Written:
    return Written(topic="", position="", aggregate="", id="", cause="", seq=0, version=0, type=type_, body=body)


def version(subject: str, number: int, schema_id: int) -> Written:
    return written("subject.version_registered", subject=subject, version=number, schema_id=schema_id)


def schema(schema_id: int, text: str) -> Written:
    return written("schema.registered", schema_id=schema_id, schema=text)


def story() -> Story:
    """Two schemas in one subject, and the first of them in another one too."""
    project = [version("s", 1, 7), version("s", 2, 8), written("member.added"), version("t", 1, 7)]
    topics = {PLATFORM: [schema(7, A.schema), schema(8, B.schema)], PROJECT: project}
    return {A: 7, B: 8, AGAIN: 7}, History(topics, {})


def lose_a_version(story: Story) -> None:
    story[1].topics[PROJECT].pop(1)


def lose_a_schema(story: Story) -> None:
    story[1].topics[PLATFORM].pop()


def register_what_nobody_was_told_of(story: Story) -> None:
    story[0].pop(AGAIN)


def tell_another_id(story: Story) -> None:
    story[0][B] = 9


def register_twice(story: Story) -> None:
    story[1].topics[PROJECT].append(version("s", 3, 7))


def leave_out_a_number(story: Story) -> None:
    events = story[1].topics[PROJECT]
    events[1] = version("s", 3, 8)


def give_out_an_id_twice(story: Story) -> None:
    story[1].topics[PLATFORM].append(schema(7, B.schema))


def give_a_schema_two_ids(story: Story) -> None:
    told, history = story
    told[AGAIN] = 9
    history.topics[PLATFORM].append(schema(9, A.schema))
    history.topics[PROJECT][-1] = version("t", 1, 9)


def give_two_schemas_one_id(story: Story) -> None:
    told, history = story
    told[replace(B, subject="u")] = 7
    history.topics[PROJECT].append(version("u", 1, 7))


def test_a_log_that_says_what_was_told_contradicts_nothing() -> None:
    told, history = story()
    assert contradictions(told, history, "p") == []


@pytest.mark.parametrize(
    "spoil",
    [
        lose_a_version,
        lose_a_schema,
        register_what_nobody_was_told_of,
        tell_another_id,
        register_twice,
        leave_out_a_number,
        give_out_an_id_twice,
        give_a_schema_two_ids,
        give_two_schemas_one_id,
    ],
)
def test_whatever_differs_is_found(spoil: Callable[[Story], None]) -> None:
    spoiled = story()
    spoil(spoiled)
    assert contradictions(*spoiled, "p")


def test_no_two_clients_register_the_same_schema_and_some_register_it_twice() -> None:
    of_clients = [wishes(client, 3) for client in range(CLIENTS)]
    schemas = [{version.schema for version in versions} for versions in of_clients]
    assert len(set().union(*schemas)) == sum(map(len, schemas)) == 3 * CLIENTS
    twice = [versions for versions in of_clients if len(versions) == 2 * 3]
    subjects = [{version.subject for version in versions} for versions in of_clients]
    assert 0 < len(twice) < CLIENTS
    assert len(set().union(*subjects)) < sum(map(len, subjects))
