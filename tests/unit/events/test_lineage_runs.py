"""Runs elsewhere, as members tell of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.events.scenario import project

from headrace_events.lineage_run import (
    LONGEST_DOCUMENT,
    LONGEST_NAME,
    MOST_DATASETS,
    REMEMBERED,
    Named,
    RecordRunEvent,
    RunEventRecorded,
)

SCIENTIST = "user:bob"
RAW = Named(namespace="s3://raw", name="flights/2013.csv")
WISH = RecordRunEvent(
    project="flights",
    run="0190163d-8694-739b-aea5-966c26f8ad90",
    event_type="START",
    event_time=1_372_636_800_000_000,
    job=Named(namespace="airflow", name="clean.flights"),
    inputs=(RAW,),
    outputs=(Named(namespace="headrace://flights", name="feature_group:weather.1"),),
    producer="https://example.org/cleaner",
    document="{}",
)


def test_a_member_tells_of_a_run() -> None:
    (event,) = project().events(WISH, SCIENTIST)
    assert isinstance(event, RunEventRecorded)
    assert (event.run, event.job, event.inputs, event.outputs) == (WISH.run, WISH.job, WISH.inputs, WISH.outputs)


def test_the_same_event_again_is_accepted_and_changes_nothing() -> None:
    scenario = project()
    scenario.events(WISH, SCIENTIST)
    assert scenario.events(WISH, "user:ada") == []
    assert len(scenario.events(replace(WISH, event_type="COMPLETE"), SCIENTIST)) == 1
    assert len(scenario.events(replace(WISH, event_time=WISH.event_time + 1), SCIENTIST)) == 1


@given(st.lists(st.tuples(st.sampled_from(["START", "RUNNING", "COMPLETE"]), st.integers(0, 3)), max_size=30))
def test_in_whatever_order_and_however_often_each_event_is_recorded_once(told: list[tuple[str, int]]) -> None:
    scenario = project()
    recorded = [
        event
        for kind, time in told
        for event in scenario.events(replace(WISH, event_type=kind, event_time=time), SCIENTIST)
    ]
    assert len(recorded) == len(set(told))


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (replace(WISH, event_type="BEGIN"), "invalid-run-event"),
        (replace(WISH, job=Named(namespace="", name="x")), "invalid-run-event"),
        (replace(WISH, inputs=(Named(namespace="a|b", name="x"),)), "invalid-run-event"),
        (replace(WISH, outputs=(Named(namespace="a", name="x" * (LONGEST_NAME + 1)),)), "invalid-run-event"),
        (replace(WISH, inputs=(RAW,) * (MOST_DATASETS + 1)), "too-many-datasets"),
        (replace(WISH, document="x" * (LONGEST_DOCUMENT + 1)), "run-event-too-large"),
    ],
)
def test_what_cannot_be_told_is_refused(wish: RecordRunEvent, code: str) -> None:
    assert project().refusal(wish, SCIENTIST) == code


def test_what_is_remembered_of_runs_does_not_grow() -> None:
    scenario = project()
    for number in range(REMEMBERED + 1):
        scenario.events(replace(WISH, run=f"run-{number}"), SCIENTIST)
    held = {key: one for key, one in scenario.world.aggregates.items() if key.kind == "lineage_run"}
    (told,) = [one.state for one in held.values()]
    assert len(told.told) == REMEMBERED
    assert scenario.events(replace(WISH, run=f"run-{REMEMBERED}"), SCIENTIST) == []
    assert len(scenario.events(replace(WISH, run="run-0"), SCIENTIST)) == 1


def test_who_is_no_member_tells_nothing() -> None:
    assert project().refusal(WISH, "user:eve") == "project-not-found"
