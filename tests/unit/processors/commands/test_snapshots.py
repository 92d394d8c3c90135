"""The world as records of the state topic, and back."""

from tests.unit.events.scenario import project
from tests.unit.events.test_feature_groups import FLIGHTS, VIEW, WEATHER

from headrace_broker.record import Entry, Record
from headrace_events.ids import CommandId, Micros
from headrace_events.project import DeleteProject, MarkDeleted
from headrace_events.quota import Quota
from headrace_processors.commands.snapshots import (
    aggregate_entry,
    answer_entry,
    counter_entries,
    dropped_entries,
    forgotten_entries,
    restore,
)
from headrace_processors.commands.world import Answered, World


def _record(entry: Entry) -> Record:
    return Record(topic=entry.topic, topic_id="t", partition=0, offset=0, key=entry.key, value=entry.value)


def test_a_restored_world_is_the_one_that_was_written() -> None:
    scenario = project()
    for command in (WEATHER, FLIGHTS, VIEW):
        scenario.events(command)
    scenario.world.answers[CommandId("c")] = Answered("hash", Micros(5), b"\x00result")
    entries = [aggregate_entry(key, held) for key, held in scenario.world.aggregates.items()]
    entries += counter_entries(scenario.world, scenario.world.seqs)
    entries += [answer_entry(command, answered) for command, answered in scenario.world.answers.items()]
    restored = World()
    assert all(restore(restored, _record(entry)) for entry in entries)
    assert restored.aggregates == scenario.world.aggregates
    assert restored.answers == scenario.world.answers
    assert restored.usage == scenario.world.usage
    assert restored.used("flights", Quota.FEATURE_GROUPS) == 2
    assert restored.seqs == scenario.world.seqs
    assert restored.schema_id == scenario.world.schema_id


def test_a_tombstone_takes_an_answer_away() -> None:
    world = World()
    world.answers[CommandId("c")] = Answered("hash", Micros(5), b"result")
    (entry,) = forgotten_entries([CommandId("c")])
    restore(world, _record(entry))
    assert not world.answers


def test_a_deleted_project_is_forgotten_here_and_in_the_state_topic() -> None:
    scenario = project()
    scenario.events(WEATHER)
    written = [aggregate_entry(key, held) for key, held in scenario.world.aggregates.items()]
    written += counter_entries(scenario.world, scenario.world.seqs)
    scenario.events(DeleteProject(project="flights"))
    scenario.events(MarkDeleted(project="flights"), "system:provisioning")
    assert {key.scope for key in scenario.world.aggregates} == {None}
    assert set(scenario.world.seqs) == {""}
    restored = World()
    for entry in [*written, *dropped_entries(scenario.world.dropped)]:
        restore(restored, _record(entry))
    assert {key.scope for key in restored.aggregates} == {None}
    assert set(restored.seqs) == {""}


def test_a_snapshot_of_another_format_is_left_for_folding_again() -> None:
    world = World()
    entry = Entry(topic="headrace.state", key=b"agg/user//ada", value=b'{"format":0,"version":1,"state":{}}')
    assert not restore(world, _record(entry))
    assert not world.aggregates
