"""Draft the `.avsc` and an example of each command and event that has none: `python -m headrace_schemas.draft`.

A drafted file is a contract once it is published: it is never edited again, and a changed class needs a `.v2.avsc`.
"""

import dataclasses
import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, get_args, get_origin

from headrace_events.language import Command
from headrace_schemas.catalogue import HERE, MESSAGES, enter, folder_of
from headrace_schemas.records import fields_of, optional, plain


def avro_type(hint: Any, seen: set[str], namespace: str) -> Any:
    """The Avro type of a Python type; a dataclass becomes a record, named again where it was seen before."""
    hint = plain(hint)
    inner = optional(hint)
    if inner is not None:
        return ["null", avro_type(inner, seen, namespace)]
    origin = get_origin(hint)
    if origin is tuple:
        return {"type": "array", "items": avro_type(get_args(hint)[0], seen, namespace)}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "map", "values": avro_type(get_args(hint)[1], seen, namespace)}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if hint.__name__ in seen:
            return f"{namespace}.{hint.__name__}"
        return record(hint, seen, namespace)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "string"
    return {str: "string", int: "long", float: "double", bool: "boolean", bytes: "bytes"}[hint]


def record(cls: Any, seen: set[str], namespace: str) -> dict[str, Any]:
    """The record schema of a dataclass; the first paragraph of its docstring is the doc."""
    seen.add(cls.__name__)
    fields: list[dict[str, Any]] = []
    defaults = {field.name: field.default for field in dataclasses.fields(cls)}
    for name, hint in fields_of(cls).items():
        entry: dict[str, Any] = {"name": name, "type": avro_type(hint, seen, namespace)}
        if optional(plain(hint)) is not None:
            entry["default"] = None
        elif isinstance(defaults[name], str | int | float | bool):
            entry["default"] = defaults[name]
        elif defaults[name] == ():
            entry["default"] = []
        fields.append(entry)
    doc = (cls.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
    return {
        "type": "record",
        "name": cls.__name__,
        "namespace": namespace,
        "doc": " ".join(doc.split()),
        "fields": fields,
    }


def example(hint: Any, name: str = "") -> Any:
    """A plain value of that type; an optional one is filled, so that the example shows it."""
    hint = plain(hint)
    inner = optional(hint)
    if inner is not None:
        return example(inner, name)
    origin = get_origin(hint)
    if origin is tuple:
        return [example(get_args(hint)[0], name)]
    if origin is not None and issubclass(origin, Mapping):
        return {"a": example(get_args(hint)[1], name)}
    if dataclasses.is_dataclass(hint):
        return {field: example(kind, field) for field, kind in fields_of(hint).items()}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return next(iter(hint)).value
    return {str: name.replace("_", "-") or "text", int: 1, float: 0.5, bool: True, bytes: "bytes"}[hint]


def main() -> None:
    """Write what is missing, and say what."""
    for cls in MESSAGES.values():
        folder = HERE / folder_of(cls)
        path = folder / f"{cls.wire.partition('.')[2]}.v1.avsc"
        if path.exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        kind = "commands" if issubclass(cls, Command) else "events"
        namespace = f"headrace.{kind}.{cls.wire.partition('.')[0]}"
        path.write_text(json.dumps(record(cls, set(), namespace), indent=2) + "\n")
        sample = {field: example(hint, field) for field, hint in fields_of(cls).items()}
        path.with_name(path.name.replace(".avsc", ".example.json")).write_text(json.dumps(sample, indent=2) + "\n")
    for entered in enter():
        sys.stdout.write(f"entered {entered}\n")


if __name__ == "__main__":
    main()
