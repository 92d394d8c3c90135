"""Datasets being made: waiting, trying again, failing with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from deltalake import CommitProperties, Transaction, write_deltalake
from tests.unit.processors.training.test_requests import MADE_OF, VIEW, folded, requested

from headrace_broker.artifacts import Artifacts
from headrace_broker.follower import Partition
from headrace_events.training_dataset import RecordTrainingDataset, RecordTrainingDatasetFailure
from headrace_processors.training.requests import Requests
from headrace_processors.training.workshop import LOOK_EVERY_S, REST_S, Work, Workshop
from headrace_projections.history.engine import Engine
from headrace_projections.offline.arrow import schema_of
from headrace_projections.rows.groups import Group


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


def workshop(storage: Path, requests: Requests, ends: Mapping[str, int], clock: Clock) -> Workshop:
    def end(where: Partition) -> int:
        return ends[where.topic_id]

    return Workshop(storage=storage.as_uri(), requests=requests, engine=Engine(), end=end, clock=clock)


def open_work(requests: Requests) -> Work:
    (asked,) = requests.open()
    return Work(asked)


def reach(storage: Path, requests: Requests, end: int) -> None:
    """Let the offline table of the root group take its topic up to there, without a row."""
    (asked,) = requests.open()
    groups = requests.groups(asked)
    assert groups is not None
    root = groups[0]
    assert isinstance(root, Group)
    folder = storage / "offline" / "shop" / "orders_1"
    folder.mkdir(parents=True, exist_ok=True)
    write_deltalake(
        folder,
        schema_of(root).empty_table(),
        partition_by=["_event_date"],
        commit_properties=CommitProperties(app_transactions=[Transaction("id-of-orders:0", end)]),
    )


def test_a_dataset_waits_until_the_offline_store_has_its_rows(tmp_path: Path) -> None:
    requests, clock = folded([*MADE_OF, requested(1)]), Clock()
    ends = {"id-of-orders": 7, "id-of-shops": 0}
    shop, work = workshop(tmp_path, requests, ends, clock), open_work(requests)
    assert shop.advance(work) is None
    reach(tmp_path, requests, 7)
    ends["id-of-orders"] = 99
    assert shop.advance(work) is None, "it looks again only after a while"
    clock.now += LOOK_EVERY_S
    answer = shop.advance(work)
    assert isinstance(answer, RecordTrainingDataset)
    assert answer.positions == ("id-of-orders:0:7", "id-of-shops:0:0"), "later rows move nothing"
    assert [(file.split, file.rows) for file in answer.files] == [("train", 0)]
    assert shop.advance(work) is answer


def test_a_dataset_whose_topics_are_not_open_yet_waits(tmp_path: Path) -> None:
    requests, clock = folded([MADE_OF[0], MADE_OF[2], MADE_OF[4], requested(1)]), Clock()
    assert workshop(tmp_path, requests, {}, clock).advance(open_work(requests)) is None


def test_what_can_never_be_made_fails_at_once(tmp_path: Path) -> None:
    requests, clock = folded([*MADE_OF, requested(1, positions=("elsewhere:0:1",))]), Clock()
    ends = {"id-of-orders": 7, "id-of-shops": 0}
    answer = workshop(tmp_path, requests, ends, clock).advance(open_work(requests))
    assert isinstance(answer, RecordTrainingDatasetFailure)
    assert "say nothing of partition 0 of 'orders'" in answer.reason


def test_a_dataset_that_may_not_be_recorded_any_more_fails_and_is_answered_for_once(tmp_path: Path) -> None:
    requests, clock = folded([*MADE_OF, requested(1)]), Clock()
    shop, work = workshop(tmp_path, requests, {"id-of-orders": 0, "id-of-shops": 0}, clock), open_work(requests)
    assert isinstance(shop.advance(work), RecordTrainingDataset)
    work.refused("there is no shared feature group 'streets:shops version 1'")
    answer = shop.advance(work)
    assert isinstance(answer, RecordTrainingDatasetFailure)
    assert "there is no shared feature group" in answer.reason
    assert not work.sent
    work.refused("version 1 is recorded")
    assert work.sent


def test_storage_that_does_not_answer_is_tried_again_and_then_named(tmp_path: Path) -> None:
    requests, clock = folded([*MADE_OF, requested(1)]), Clock()
    log = tmp_path / "offline" / "shop" / "orders_1" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("no delta log")
    shop = workshop(tmp_path, requests, {"id-of-orders": 7, "id-of-shops": 0}, clock)
    work = open_work(requests)
    assert [shop.advance(work) for _ in range(4)] == [None] * 4, "it rests between tries"
    clock.now += REST_S
    assert shop.advance(work) is None
    clock.now += 2 * REST_S
    answer = shop.advance(work)
    assert isinstance(answer, RecordTrainingDatasetFailure)
    assert "offline table of 'orders' cannot be read" in answer.reason


def test_a_dataset_that_fails_as_nobody_foresaw_is_tried_again_and_then_fails_alone(tmp_path: Path) -> None:
    (join,) = VIEW.joins
    odd = replace(join, selection=replace(join.selection, prefix="_null_"))
    view = replace(VIEW, root=replace(VIEW.root, features=("id", "at")), joins=(odd,))
    requests, clock = folded([*MADE_OF[:4], view, replace(requested(1), format="npy")]), Clock()
    shop, work = workshop(tmp_path, requests, {"id-of-orders": 0, "id-of-shops": 0}, clock), open_work(requests)
    for number in (1, 2):
        assert shop.advance(work) is None
        clock.now += number * REST_S
    answer = shop.advance(work)
    assert isinstance(answer, RecordTrainingDatasetFailure)
    assert answer.reason == "it cannot be made: ValueError: field '_null_at' occurs more than once"


def test_a_store_that_is_full_is_tried_again(tmp_path: Path) -> None:
    requests, clock = folded([*MADE_OF, requested(1)]), Clock()
    (tmp_path / "artifacts").write_text("a file where a folder should be")
    shop = workshop(tmp_path, requests, {"id-of-orders": 0, "id-of-shops": 0}, clock)
    work = open_work(requests)
    assert shop.advance(work) is None
    (tmp_path / "artifacts").unlink()
    clock.now += REST_S
    assert isinstance(shop.advance(work), RecordTrainingDataset)


def test_files_of_a_project_that_was_closed_while_they_were_made_are_removed(tmp_path: Path) -> None:
    requests, clock = folded([*MADE_OF, requested(1)]), Clock()
    shop = workshop(tmp_path, requests, {"id-of-orders": 0, "id-of-shops": 0}, clock)
    work = open_work(requests)
    reach(tmp_path, requests, 0)
    assert isinstance(shop.advance(work), RecordTrainingDataset)
    others = Artifacts.at(tmp_path.as_uri())
    kept = others.write("another", b"a model")
    assert (tmp_path / "artifacts" / "shop").exists()
    shop.let_go("shop")
    assert not (tmp_path / "artifacts" / "shop").exists()
    assert others.read("another", kept) == b"a model"
    shop.let_go("shop")
