"""Every command and event, where its schema files lie, and the manifest that fixes the ids of what we ship."""

import importlib
import json
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import headrace_events
from headrace_events.language import COMMANDS, EVENTS, Command, Event

HERE = Path(__file__).parent
MANIFEST = HERE / "manifest.json"
FIRST_FREE_ID = 10_000
"""Ids below are fixed in the manifest; the command processor gives out this one first."""

for _module in pkgutil.iter_modules(headrace_events.__path__):
    importlib.import_module(f"headrace_events.{_module.name}")

MESSAGES: dict[str, type[Command] | type[Event]] = {
    **{f"commands/{wire}": cls for wire, cls in COMMANDS.items()},
    **{f"events/{wire}": cls for wire, cls in EVENTS.items()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A schema we ship: its fixed id, its file, its full name, and the class it belongs to (None for records only)."""

    schema_id: int
    path: str
    name: str
    version: int
    text: str
    message: type[Command] | type[Event] | None

    @property
    def schema(self) -> dict[str, Any]:
        """The schema as parsed JSON."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed


def folder_of(cls: type[Command] | type[Event]) -> str:
    """The folder of a message's schema, relative to this package."""
    noun = cls.wire.partition(".")[0]
    return f"{noun}/commands" if issubclass(cls, Command) else noun


def _message_of(path: str) -> type[Command] | type[Event] | None:
    *folders, file = path.split("/")
    verb = file.rsplit(".v", 1)[0]
    kind = "commands" if folders[-1] == "commands" else "events"
    return MESSAGES.get(f"{kind}/{folders[0]}.{verb}")


@cache
def published() -> dict[int, Published]:
    """All schemas of the manifest, by id."""
    manifest: dict[str, int] = json.loads(MANIFEST.read_text())
    found = {}
    for path, schema_id in manifest.items():
        text = json.dumps(json.loads((HERE / path).read_text()), separators=(",", ":"))
        parsed = json.loads(text)
        found[schema_id] = Published(
            schema_id=schema_id,
            path=path,
            name=f"{parsed['namespace']}.{parsed['name']}",
            version=int(path.rsplit(".v", 1)[1].removesuffix(".avsc")),
            text=text,
            message=_message_of(path),
        )
    return found


@cache
def schema_id(path: str) -> int:
    """The fixed id of the schema file at that path, e.g. `results/result.v1.avsc`."""
    manifest: dict[str, int] = json.loads(MANIFEST.read_text())
    return manifest[path]


def enter() -> list[str]:
    """Give every schema file that the manifest lacks the next free id; return the new paths."""
    manifest: dict[str, int] = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    new = sorted(str(path.relative_to(HERE)) for path in HERE.rglob("*.avsc"))
    new = [path for path in new if path not in manifest]
    for path in new:
        manifest[path] = max(manifest.values(), default=0) + 1
    if new:
        MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")
    return new
