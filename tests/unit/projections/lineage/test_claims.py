"""What members claim of runs elsewhere, in the graph, among findable things, and told again in OpenLineage's words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.events.test_lineage_runs import RAW, SCIENTIST, WISH
from tests.unit.projections.lineage.test_edges import edges, story

from headrace_api.openlineage.export import run_events
from headrace_events.lineage_run import Named, RecordRunEvent
from headrace_events.project import ProjectClosing
from headrace_projections.lineage import node
from headrace_projections.lineage.apply import Edges
from headrace_projections.lineage.node import Node, NodeKind
from headrace_projections.search.apply import Documents
from headrace_projections.search.document import Document

RUN = f"run:{WISH.run}"
DONE = replace(WISH, event_type="COMPLETE", event_time=WISH.event_time + 60_000_000)
CLAIMED = {
    ("job:airflow|clean.flights", "claimed_run", RUN),
    ("dataset:s3://raw|flights/2013.csv", "claimed_input", RUN),
    (RUN, "claimed_output", "feature_group:weather.1"),
    ("person:bob", "claimed", RUN),
}


def told(*wishes: RecordRunEvent) -> list[tuple[str, RecordRunEvent]]:
    return [(SCIENTIST, wish) for wish in wishes]


def documents(*wishes: RecordRunEvent) -> dict[str, Document]:
    fold = Documents()
    for recorded in story(*told(*wishes)):
        fold.take(recorded)
    return {document.id: document for document in fold.all.values()}


def test_a_run_joins_what_it_read_to_what_it_wrote() -> None:
    assert set(edges(story(*told(WISH)))) - set(edges(story())) == CLAIMED


def test_a_claim_counts_from_the_first_event_that_makes_it() -> None:
    more = replace(DONE, inputs=(*DONE.inputs, Named(namespace="s3://raw", name="late.csv")))
    first, both = edges(story(*told(WISH))), edges(story(*told(WISH, more)))
    assert {key: both[key] for key in CLAIMED} == {key: first[key] for key in CLAIMED}
    new = set(both) - set(first)
    assert new == {("dataset:s3://raw|late.csv", "claimed_input", RUN)}
    assert min(both[key].since_seq for key in new) > max(edge.since_seq for edge in first.values())


def test_what_was_claimed_in_a_closed_project_is_forgotten() -> None:
    fold = Edges()
    claim = story(*told(WISH))[-1]
    assert fold.take(claim)
    assert fold.take(claim) == []
    fold.take(replace(claim, event=ProjectClosing(project="flights"), project=None))
    assert fold.take(claim)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (RAW, "dataset:s3://raw|flights/2013.csv"),
        (Named(namespace="headrace://flights", name="feature_group:weather.1"), "feature_group:weather.1"),
        (Named(namespace="headrace://rival", name="topic:rival.topics.x"), "rival/topic:rival.topics.x"),
        (Named(namespace="headrace://flights", name="person:ada"), "dataset:headrace://flights|person:ada"),
        (Named(namespace="headrace://flights", name="rival/topic:x"), "dataset:headrace://flights|rival/topic:x"),
        (Named(namespace="headrace://flights", name="nonsense"), "dataset:headrace://flights|nonsense"),
        (Named(namespace="headrace://", name="topic:x"), "dataset:headrace://|topic:x"),
    ],
)
def test_a_dataset_of_ours_is_the_thing_itself(named: Named, expected: str) -> None:
    found = node.dataset("flights", named)
    assert str(found) == expected
    assert Node.parse(expected) == found
    assert node.named(found, "flights") == named


def test_a_claimed_dataset_is_found_by_its_words_and_our_own_things_stay_what_they_are() -> None:
    found = documents(WISH)
    assert found["dataset:s3://raw|flights/2013.csv"].name == "flights/2013.csv"
    assert found["job:airflow|clean.flights"].people == ("bob",)
    assert found["feature_group:weather.1"] == documents()["feature_group:weather.1"]


@pytest.mark.parametrize(
    ("types", "state"),
    [
        (("START",), "running"),
        (("START", "COMPLETE"), "completed"),
        (("COMPLETE", "START"), "completed"),
        (("START", "FAIL"), "failed"),
        (("OTHER",), "running"),
        (("RUNNING", "ABORT", "RUNNING"), "aborted"),
    ],
)
def test_a_run_is_in_its_last_state_whatever_comes_late(types: tuple[str, ...], state: str) -> None:
    wishes = [replace(WISH, event_type=kind, event_time=number) for number, kind in enumerate(types)]
    assert documents(*wishes)[RUN].state == state


def test_a_claimed_run_is_exported_as_it_was_told() -> None:
    output = Named(namespace="s3://clean", name="flights")
    said = run_events("flights", edges(story(*told(replace(DONE, outputs=(output,))))).values(), "producer")
    (event,) = [event for event in said if event.outputs[0].namespace == "s3://clean"]
    assert str(event.run.run_id) == WISH.run
    assert (event.job.namespace, event.job.name) == ("airflow", "clean.flights")
    assert [(one.namespace, one.name) for one in event.inputs] == [("s3://raw", "flights/2013.csv")]


def test_each_run_that_wrote_a_dataset_is_exported() -> None:
    other = replace(WISH, run="0190163d-8694-739b-aea5-000000000000", job=Named(namespace="dbt", name="clean"))
    said = run_events("flights", edges(story(*told(WISH, other))).values(), "producer")
    jobs = {event.job.name for event in said if event.outputs[0].name == "feature_group:weather.1"}
    assert jobs == {"clean.flights", "clean"}


def test_every_kind_that_holds_data_is_a_kind() -> None:
    assert set(NodeKind) > node.DATA
