"""What every metadata event changes in the catalogue."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.projections.catalogue.examples import METADATA, SECOND, example, recorded

from headrace_events.api_key import ApiKeyStored
from headrace_events.certificate import CertificateRequested
from headrace_events.language import Event
from headrace_events.member import MemberAdded, MemberRemoved
from headrace_events.monitor import AlertOpened
from headrace_events.roles import Role
from headrace_events.study import RungReported, TrialRung
from headrace_events.topic import TopicChanged, TopicChangeRequested
from headrace_events.topic_settings import TopicSettings
from headrace_events.user import UserCreated
from headrace_projections.catalogue.apply import apply, handlers, people
from headrace_projections.catalogue.definition import TABLES
from headrace_projections.changes import Append, Delete, Forget, Update, Upsert
from headrace_projections.errors import Unhandled

_TABLE = re.compile(r"^CREATE TABLE (\w+) \((.*?)^\);", re.MULTILINE | re.DOTALL)
_COLUMN = re.compile(r"^    ([a-z]\w*) ", re.MULTILINE)
_KEY = re.compile(r"PRIMARY KEY \((.*?)\)")


def definitions() -> dict[str, tuple[set[str], list[str]]]:
    """Table → its columns, and those of its primary key in order."""
    found = {}
    for name, body in _TABLE.findall(TABLES.definition):
        columns = _COLUMN.findall(body)
        keys = _KEY.search(body)
        found[name] = (set(columns), keys.group(1).split(", ") if keys else columns[:1])
    return found


every_event = pytest.mark.parametrize("cls", METADATA.values(), ids=METADATA.keys())


def test_every_metadata_event_has_a_handler_and_no_other_event_has() -> None:
    assert handlers.events == set(METADATA.values())


def test_an_event_of_another_home_stops_the_projection() -> None:
    event = ApiKeyStored(key_id="k", user="ada", key_hash="0" * 64)
    with pytest.raises(Unhandled, match=r"api_key\.stored"):
        apply(recorded(event))


@every_event
def test_a_handler_is_a_pure_function(cls: type[Event]) -> None:
    at = recorded(example(cls))
    before = copy.deepcopy(at)
    assert apply(at) == apply(at)
    assert at == before


@every_event
def test_changes_name_tables_columns_and_keys_that_exist(cls: type[Event]) -> None:
    tables = definitions()
    for change in apply(recorded(example(cls))):
        columns, primary_key = tables[change.table]
        if isinstance(change, Forget):
            assert set(change.where) <= set(primary_key)
            continue
        if not isinstance(change, Append):
            assert list(change.key) == primary_key
        if not isinstance(change, Delete):
            assert set(change.row) <= columns


@every_event
def test_every_event_is_in_the_feed_with_its_body_and_moves_its_aggregate(cls: type[Event]) -> None:
    at = recorded(example(cls), seq=7, version=3)
    *_, line, version = apply(at)
    assert isinstance(line, Append)
    assert (line.table, line.row["seq"], line.row["type"]) == ("activity", 7, cls.wire)
    assert line.row["project"] == ("flights" if at.project else "")
    assert line.row["time"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    key = {"project": line.row["project"], "aggregate": at.aggregate}
    assert version == Upsert("aggregate_versions", key, {"version": 3, "seq": 7})


def specific(event: Event, **extra: Any) -> list[object]:
    """The changes of an event's own handler."""
    return list(apply(recorded(event, **extra))[:-2])


def test_a_user_is_listed() -> None:
    (change,) = specific(UserCreated(user="ada", administrator=True), time=5 * SECOND)
    assert isinstance(change, Upsert)
    assert change.key == {"user_name": "ada"}
    assert change.row["administrator"]
    assert change.row["created_time"] == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)


def test_a_topics_settings_are_shown_when_they_hold() -> None:
    key = {"project": "flights", "topic": "flights.topics.clicks"}
    wanted = TopicSettings(partitions=3, retention_ms=1_000, compacted=True)
    (asked,) = specific(TopicChangeRequested(name="flights.topics.clicks", settings=wanted))
    assert asked == Update("topics", key, {"changing": True})
    (holds,) = specific(TopicChanged(name="flights.topics.clicks", settings=wanted))
    row = {"partitions": 3, "retention_ms": 1_000, "retention_bytes": None, "compacted": True, "changing": False}
    assert holds == Update("topics", key, row)


def test_a_member_comes_with_a_role_and_goes_altogether() -> None:
    (added,) = specific(MemberAdded(user="bob", role=Role.DATA_SCIENTIST))
    (removed,) = specific(MemberRemoved(user="bob"))
    assert isinstance(added, Upsert)
    assert added.row["role"] == "data-scientist"
    assert removed == Delete("members", {"project": "flights", "user_name": "bob"})


def test_a_finished_rung_is_on_the_timeline_with_its_metric() -> None:
    progress, line = specific(RungReported(study="s", trial=2, rung=1, steps=4, metric=0.75))
    assert isinstance(progress, Update)
    assert (progress.row["running"], progress.row["rung"], progress.row["steps"]) == (False, 1, 4)
    assert isinstance(line, Append)
    assert (line.row["what"], line.row["metric"], line.row["trial"]) == ("reported", 0.75, 2)


def test_an_alert_opens_its_rule_and_is_kept() -> None:
    rule, line = specific(AlertOpened(deployment="delays", rule="drift", window_start=86_400 * SECOND, observed=0.3))
    assert rule == Update(
        "alert_rules", {"project": "flights", "deployment": "delays", "rule": "drift"}, {"open": True}
    )
    assert isinstance(line, Append)
    assert (line.row["what"], line.row["window_start"], line.row["observed"]) == ("opened", 86_400 * SECOND, 0.3)


def test_the_guide_shows_a_handler_as_it_is() -> None:
    root = Path(__file__).parents[4]
    (shown,) = re.findall(r"```python\n(.*?)```", (root / "docs/projections.md").read_text(), re.DOTALL)
    assert shown in Path(people.__file__).read_text()


@pytest.mark.parametrize(("run", "shown"), [(TrialRung(study="s", trial=3, rung=1), ("s/3", 1)), (None, (None, None))])
def test_a_worker_s_certificate_says_what_it_is_for_and_a_person_s_own_nothing(
    run: TrialRung | None, shown: tuple[str | None, int | None]
) -> None:
    changes = apply(recorded(CertificateRequested(user="bob", generation=1, signing_request="PEM", run=run)))
    (row,) = (change.row for change in changes if isinstance(change, Upsert) and change.table == "certificates")
    assert (row["run"], row["rung"]) == shown
