"""The decisions of a project's schema registry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.events.scenario import Scenario, fold, project

from headrace_broker.record import Record
from headrace_events.feature_group import CreateFeatureGroup, FeatureGroupCreated
from headrace_events.language import Command, Event
from headrace_events.registry import MOST_VERSIONS
from headrace_events.row_schema import Column
from headrace_events.schema import MOST_REFERENCES, SchemaReference, SchemaRegistered
from headrace_events.subject import (
    AskedReference,
    DeleteSchema,
    PurgeSchema,
    RegisterSchema,
    SetCompatibility,
    SetMode,
    Subject,
    SubjectCompatibilitySet,
    SubjectModeSet,
    SubjectVersionDeleted,
    SubjectVersionPurged,
    SubjectVersionReferenced,
    SubjectVersionRegistered,
    SubjectVersionReleased,
)
from headrace_events.topic import TopicGranted, TopicRequested
from headrace_processors.commands.handle import Refused
from headrace_processors.commands.snapshots import aggregate_entry, restore
from headrace_processors.commands.world import AggregateKey, World
from headrace_schemas.catalogue import FIRST_FREE_ID


def schema(*types: str) -> str:
    fields = [{"name": f"f{number}", "type": kind} for number, kind in enumerate(types)]
    return json.dumps({"type": "record", "name": "n.R", "fields": fields})


INT, LONG, TEXT = schema("int"), schema("long"), schema("string")


def register(text: str = INT, subject: str = "clicks", **more: Any) -> RegisterSchema:
    return RegisterSchema(project="flights", subject=subject, schema=text, **more)


def delete(version: int | None = None, subject: str = "clicks") -> DeleteSchema:
    return DeleteSchema(project="flights", subject=subject, version=version)


def purge(version: int | None = None, subject: str = "clicks") -> PurgeSchema:
    return PurgeSchema(project="flights", subject=subject, version=version)


def level(name: str | None, subject: str = "") -> SetCompatibility:
    return SetCompatibility(project="flights", subject=subject, level=name)


def mode(name: str | None, subject: str = "") -> SetMode:
    return SetMode(project="flights", subject=subject, mode=name)


def given(*commands: Command) -> Scenario:
    """A project in which these happened."""
    scenario = project()
    for command in commands:
        scenario.events(command)
    return scenario


def subject_of(events: list[Event]) -> Event:
    (found,) = [event for event in events if isinstance(event, SubjectVersionRegistered)]
    return found


def test_a_new_schema_gets_an_id_and_is_the_first_version() -> None:
    new, version = given().events(register())
    assert isinstance(new, SchemaRegistered)
    assert (new.schema_id, new.schema) == (FIRST_FREE_ID, INT)
    assert version == SubjectVersionRegistered(subject="clicks", version=1, schema_id=FIRST_FREE_ID)


def test_the_same_schema_again_changes_nothing_however_it_is_written() -> None:
    scenario = given(register())
    assert scenario.events(register()) == []
    assert scenario.events(register(json.dumps(dict(reversed(json.loads(INT).items())), indent=2))) == []


def test_the_same_schema_elsewhere_has_the_same_id() -> None:
    assert given(register()).events(register(subject="views")) == [
        SubjectVersionRegistered(subject="views", version=1, schema_id=FIRST_FREE_ID)
    ]


def test_a_feature_groups_schema_posted_by_a_serializer_is_the_groups() -> None:
    group = CreateFeatureGroup(
        project="flights", name="weather", columns=(Column(name="a", type="string"),), primary_key=("a",)
    )
    scenario = project()
    events = scenario.events(group)
    (text,) = [event.schema for event in events if isinstance(event, SchemaRegistered)]
    (created,) = [event for event in events if isinstance(event, FeatureGroupCreated)]
    assert scenario.events(register(text, created.subject)) == []
    assert scenario.refusal(register(LONG, created.subject)) == "subject-in-use"
    assert scenario.refusal(delete(subject=created.subject)) == "subject-in-use"


def test_a_new_version_must_be_compatible_with_the_newest() -> None:
    scenario = given(register(INT), register(LONG))
    assert scenario.refusal(register(TEXT)) == "incompatible-schema"
    assert isinstance(subject_of(scenario.events(register(schema("double")))), SubjectVersionRegistered)


def test_a_refusal_says_which_version_and_why() -> None:
    outcome = given(register(INT)).when(register(TEXT))
    assert isinstance(outcome, Refused)
    assert "version 1" in outcome.refusal.message
    assert "not compatible with writer type: int" in outcome.refusal.message
    assert outcome.refusal.details == {"subject": "clicks", "level": "BACKWARD"}


@pytest.mark.parametrize(
    ("of_project", "of_subject", "accepted"),
    [
        (None, None, False),
        ("NONE", None, True),
        ("FULL_TRANSITIVE", "NONE", True),
        ("NONE", "FORWARD", True),
        ("NONE", "BACKWARD", False),
    ],
)
def test_a_subjects_level_comes_before_its_projects(
    of_project: str | None, of_subject: str | None, accepted: bool
) -> None:
    scenario = given(register(LONG))
    scenario.events(level(of_project))
    if of_subject is not None:
        scenario.events(level(of_subject, "clicks"))
    outcome = scenario.when(register(INT))
    assert isinstance(outcome, Refused) != accepted


def test_a_level_is_set_once_and_forgotten_once() -> None:
    scenario = given(register())
    assert len(scenario.events(level("FULL", "clicks"))) == 1
    assert scenario.events(level("FULL", "clicks")) == []
    assert scenario.events(level(None, "clicks")) == [SubjectCompatibilitySet(subject="clicks", level=None)]
    assert scenario.refusal(level(None, "clicks")) == "compatibility-not-found"
    assert scenario.refusal(level("SOMEHOW")) == "invalid-level"


@pytest.mark.parametrize("name", ["READONLY", "READONLY_OVERRIDE"])
@pytest.mark.parametrize("subject", ["", "clicks"])
def test_a_read_only_subject_takes_no_change_but_says_what_it_has(name: str, subject: str) -> None:
    scenario = given(register(), mode(name, subject))
    assert scenario.events(register()) == []
    for command in (register(LONG), delete(), delete(1), purge(1)):
        assert scenario.refusal(command) == "subject-read-only"
    scenario.events(mode("READWRITE", subject))
    assert scenario.events(register(LONG))


def test_nobody_brings_ids_along() -> None:
    assert given().refusal(mode("IMPORT")) == "invalid-mode"
    assert given(register()).refusal(mode(None, "clicks")) == "mode-not-found"


def test_a_version_may_be_named_if_it_is_the_next() -> None:
    scenario = given(register())
    assert scenario.refusal(register(LONG, version=5)) == "not-importing"
    assert scenario.events(register(LONG, version=2))


# Deletion.


def test_deleting_hides_and_purging_forgets() -> None:
    scenario = given(register(INT), register(LONG))
    assert scenario.refusal(purge(1)) == "version-not-deleted"
    assert scenario.refusal(purge()) == "subject-not-deleted"
    assert scenario.events(delete(1)) == [SubjectVersionDeleted(subject="clicks", version=1)]
    assert scenario.refusal(delete(1)) == "version-deleted"
    assert scenario.refusal(purge()) == "subject-not-deleted"
    assert scenario.events(delete()) == [SubjectVersionDeleted(subject="clicks", version=2)]
    assert scenario.refusal(delete()) == "subject-deleted"
    assert scenario.events(purge(1)) == [SubjectVersionPurged(subject="clicks", version=1)]
    assert scenario.refusal(purge(1)) == "version-not-found"
    assert scenario.events(purge()) == [SubjectVersionPurged(subject="clicks", version=2)]
    assert scenario.refusal(purge()) == "subject-not-found"
    assert scenario.refusal(delete()) == "subject-not-found"


def test_a_deleted_schema_registered_again_is_another_version_with_its_id() -> None:
    scenario = given(register(), delete(1))
    assert scenario.events(register()) == [
        SubjectVersionRegistered(subject="clicks", version=2, schema_id=FIRST_FREE_ID)
    ]


def test_what_is_deleted_binds_nobody() -> None:
    scenario = given(register(INT), delete(1))
    assert scenario.events(register(TEXT))


def test_after_a_purge_numbers_begin_anew_and_ids_do_not() -> None:
    scenario = given(register(INT), delete(), purge())
    assert scenario.events(register(INT)) == [
        SubjectVersionRegistered(subject="clicks", version=1, schema_id=FIRST_FREE_ID)
    ]
    new, _ = scenario.events(register(TEXT, "views"))
    assert isinstance(new, SchemaRegistered)
    assert new.schema_id == FIRST_FREE_ID + 1


def test_a_deleted_subject_loses_what_was_said_of_it() -> None:
    scenario = given(register(), level("FULL", "clicks"), mode("READWRITE", "clicks"))
    assert scenario.events(delete()) == [
        SubjectVersionDeleted(subject="clicks", version=1),
        SubjectCompatibilitySet(subject="clicks", level=None),
        SubjectModeSet(subject="clicks", mode=None),
    ]


# References.

OUTER = json.dumps({"type": "record", "name": "o.O", "fields": [{"name": "inner", "type": "n.R"}]})
TO_CLICKS = (AskedReference(name="n.R", subject="clicks", version=1),)


def test_a_schema_refers_to_versions_of_its_project() -> None:
    scenario = given(register())
    new, version, referenced = scenario.events(register(OUTER, "outer", references=TO_CLICKS))
    assert isinstance(new, SchemaRegistered)
    assert new.references == (SchemaReference(name="n.R", subject="clicks", version=1, schema_id=FIRST_FREE_ID),)
    assert version == SubjectVersionRegistered(subject="outer", version=1, schema_id=FIRST_FREE_ID + 1)
    assert referenced == SubjectVersionReferenced(subject="clicks", version=1, by_subject="outer", by_version=1)


@pytest.mark.parametrize(
    "asked",
    [
        (),
        (AskedReference(name="n.R", subject="clicks", version=2),),
        (AskedReference(name="n.R", subject="nothing", version=1),),
        TO_CLICKS * (MOST_REFERENCES + 1),
    ],
)
def test_a_reference_that_leads_nowhere_makes_no_schema(asked: tuple[AskedReference, ...]) -> None:
    assert given(register()).refusal(register(OUTER, "outer", references=asked)) == "invalid-schema"


def _link(number: int) -> RegisterSchema:
    """A schema that refers to the one before."""
    before = AskedReference(name=f"n.R{number - 1}", subject=f"s{number - 1}", version=1)
    made = json.dumps({"type": "record", "name": f"n.R{number}", "fields": []})
    return register(made, f"s{number}", references=(before,) if number else ())


def test_a_chain_of_references_has_an_end() -> None:
    """Each link is a small schema; without an end, the reader of a long chain would be out of stack."""
    scenario = given(*(_link(number) for number in range(MOST_REFERENCES + 1)))
    assert scenario.refusal(_link(MOST_REFERENCES + 1)) == "invalid-schema"
    assert scenario.events(register(subject="another"))


def test_a_deleted_version_is_not_referred_to() -> None:
    scenario = given(register(), delete())
    assert scenario.refusal(register(OUTER, "outer", references=TO_CLICKS)) == "invalid-schema"


def test_what_is_referred_to_is_not_deleted_until_it_is_released() -> None:
    scenario = given(register(), register(OUTER, "outer", references=TO_CLICKS))
    assert scenario.refusal(delete()) == "schema-referenced"
    assert scenario.refusal(delete(1)) == "schema-referenced"
    assert scenario.events(delete(subject="outer")) == [
        SubjectVersionDeleted(subject="outer", version=1),
        SubjectVersionReleased(subject="clicks", version=1, by_subject="outer", by_version=1),
    ]
    assert scenario.events(delete())


def test_the_same_text_with_another_meaning_has_another_id() -> None:
    scenario = given(register(), register(LONG), register(OUTER, "outer", references=TO_CLICKS))
    newer = (AskedReference(name="n.R", subject="clicks", version=-1),)
    new, *_ = scenario.events(register(OUTER, "outer", references=newer))
    assert isinstance(new, SchemaRegistered)
    assert new.schema_id == FIRST_FREE_ID + 3
    assert new.references[0].version == 2


def test_the_same_schema_under_another_subject_is_another_reference() -> None:
    scenario = given(register(), register(subject="views"), register(OUTER, "outer", references=TO_CLICKS))
    to_views = (AskedReference(name="n.R", subject="views", version=1),)
    scenario.events(register(OUTER, "outer", references=to_views))
    assert scenario.refusal(delete(subject="views")) == "schema-referenced"
    scenario.events(delete(2, "outer"))
    assert scenario.events(delete(subject="views"))
    assert scenario.refusal(delete()) == "schema-referenced"


def test_what_references_refer_to_counts_as_references() -> None:
    scenario = given(register(INT, "s0"))
    for number in range(1, MOST_REFERENCES + 1):
        before = (AskedReference(name="n.R", subject=f"s{number - 1}", version=1),)
        scenario.events(
            register(f'{{"type":"record","name":"n.T{number}","fields":[]}}', f"s{number}", references=before)
        )
    one_more = (AskedReference(name="n.R", subject=f"s{MOST_REFERENCES}", version=1),)
    assert scenario.refusal(register(OUTER, "outer", references=one_more)) == "invalid-schema"


def test_compatibility_looks_through_references() -> None:
    scenario = given(register(LONG), register(INT, "ints"), register(OUTER, "outer", references=TO_CLICKS))
    narrower = (AskedReference(name="n.R", subject="ints", version=1),)
    assert scenario.refusal(register(OUTER, "outer", references=narrower)) == "incompatible-schema"


# Who may, and what things are called.


@pytest.mark.parametrize("command", [level("NONE"), mode("READONLY"), purge()], ids=lambda command: command.wire)
def test_settings_and_purges_are_for_owners(command: Command) -> None:
    scenario = given(register(), delete())
    outcome = scenario.when(command, "user:bob")
    assert isinstance(outcome, Refused)
    assert outcome.refusal.code == "owners-only"
    assert scenario.events(command) is not None


@pytest.mark.parametrize("suffix", ["-value", "-key", ""])
def test_a_scientist_registers_for_topics_that_are_theirs_to_write(suffix: str) -> None:
    scenario = project()
    wish = register(subject=f"flights.topics.clicks{suffix}")
    refused = scenario.when(wish, "user:bob")
    assert isinstance(refused, Refused)
    assert refused.refusal.code == "owners-only"
    fold(scenario, "flights", TopicRequested(name="flights.topics.clicks", partitions=1, purpose="user"))
    fold(scenario, "flights", TopicGranted(topic="flights.topics.clicks", user="bob"))
    assert scenario.events(wish, "user:bob")


def test_a_scientist_registers_records_of_their_own() -> None:
    scenario = project()
    assert scenario.events(register(subject="com.example.Click"), "user:bob")
    assert scenario.events(delete(subject="com.example.Click"), "user:bob")


@pytest.mark.parametrize("actor", ["user:eve", "user:root-admin"])
def test_who_is_no_member_registers_nothing(actor: str) -> None:
    assert given().refusal(register(), actor) == "project-not-found"


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a/b", "../b", "a\nb", "cliсks", "x" * 256, "headrace.runs.Metric", "-a", "a'; DROP TABLE x"],  # noqa: RUF001 - a Cyrillic letter
)
def test_what_cannot_name_a_subject_names_none(name: str) -> None:
    assert given().refusal(register(subject=name)) == "invalid-subject"


def test_a_subject_has_a_bounded_number_of_versions() -> None:
    scenario = given()
    for number in range(MOST_VERSIONS):
        fold(scenario, "flights", SubjectVersionRegistered(subject="clicks", version=number + 1, schema_id=1))
    assert scenario.refusal(register()) == "too-many-versions"


def test_a_world_restored_from_its_snapshots_finds_schemas_by_id() -> None:
    scenario = given(register(), register(OUTER, "outer", references=TO_CLICKS))
    restored = World()
    for key, held in scenario.world.aggregates.items():
        entry = aggregate_entry(key, held)
        record = Record(topic=entry.topic, topic_id="t", partition=0, offset=0, key=entry.key, value=entry.value)
        assert restore(restored, record)
    assert restored.fingerprints == scenario.world.fingerprints
    assert restored.aggregates == scenario.world.aggregates
    assert restored.next_schema_id() == FIRST_FREE_ID + 2
    state = restored.aggregates[AggregateKey("subject", "flights", "clicks")].state
    assert isinstance(state, Subject)
    assert state.versions[0].referrers == ("outer:1",)
