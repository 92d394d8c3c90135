"""The world as records of the compacted state topic: `agg/…` snapshots, `cmd/…` answers, `next/…` counters.

Values are JSON. Another FORMAT discards the `agg/` records, and the events are folded again; the others stay.
"""

import base64
import json
from collections.abc import Iterable

from headrace_broker.record import Entry, Record
from headrace_broker.topics import STATE
from headrace_events.aggregates import AGGREGATES
from headrace_events.ids import CommandId, Micros
from headrace_processors.commands.world import AggregateKey, Answered, Held, World
from headrace_schemas.records import from_record, to_record

FORMAT = 5


def _entry(key: str, value: object | None) -> Entry:
    body = None if value is None else json.dumps(value, separators=(",", ":")).encode()
    return Entry(topic=STATE, key=key.encode(), value=body)


def aggregate_entry(key: AggregateKey, held: Held) -> Entry:
    """The snapshot of an aggregate."""
    value = {"format": FORMAT, "version": held.version, "state": to_record(held.state)}
    return _entry(_place(key), value)


def _place(key: AggregateKey) -> str:
    return f"agg/{key.kind}/{key.scope or ''}/{key.key}"


def answer_entry(command: CommandId, answered: Answered) -> Entry:
    """The stored answer to a command."""
    value = {
        "request": answered.request,
        "time": answered.time,
        "result": base64.b64encode(answered.result).decode(),
    }
    return _entry(f"cmd/{command}", value)


def forgotten_entries(commands: Iterable[CommandId]) -> list[Entry]:
    """Tombstones of answers."""
    return [_entry(f"cmd/{command}", None) for command in commands]


def dropped_entries(keys: Iterable[AggregateKey]) -> list[Entry]:
    """Tombstones of the aggregates of deleted projects, and of those projects' counters."""
    dropped = list(keys)
    projects = {key.scope: None for key in dropped if key.scope is not None}
    return [
        *(_entry(_place(key), None) for key in dropped),
        *(_entry(f"next/{project}", None) for project in projects),
    ]


def counter_entries(world: World, scopes: Iterable[str]) -> list[Entry]:
    """The sequence counters of those scopes ('': the platform), and the schema counter."""
    return [_entry(f"next/{scope}", {"seq": world.seqs[scope], "schema_id": world.schema_id}) for scope in scopes]


def restore(world: World, record: Record) -> bool:
    """Take one record of the state topic into the world; False where it is a snapshot of another format."""
    kind, _, rest = (record.key or b"").decode().partition("/")
    value = json.loads(record.value) if record.value is not None else None
    if kind == "cmd":
        command = CommandId(rest)
        world.answers.pop(command, None)
        if value is not None:
            result = base64.b64decode(value["result"])
            world.answers[command] = Answered(value["request"], Micros(value["time"]), result)
    elif kind == "next":
        world.seqs.pop(rest, None)
        if value is not None:
            world.seqs[rest] = value["seq"]
            world.schema_id = max(world.schema_id, value["schema_id"])
    elif kind == "agg":
        name, scope, key = rest.split("/", 2)
        at = AggregateKey(name, scope or None, key)
        world.let_go(at)
        if value is not None:
            if value["format"] != FORMAT:
                return False
            world.hold(at, Held(from_record(AGGREGATES[name].state, value["state"]), value["version"]))
    return True
