"""`headrace streaming-group`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from headrace import Aggregation, FeatureGroup, Invalid
from headrace_cli.feature_group_options import InProject, NewestVersion, group_of
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, as_text, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Feature groups whose rows the platform computes from another's.")
_OPTIONAL = ("version", "description", "allowed_lateness", "online_enabled", "offline_enabled", "ttl", "partitions")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_NEEDED = ("name", "source", "keys", "aggregations", "slide")


@app.command("create")
@told
def create(
    file: Annotated[Path, typer.Argument(help="a file with the declaration, in JSON")],
    project: InProject,
    *,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a streaming feature group as a file declares it.

    The file has `name`, `source` (and `source_version`, else the newest), `keys`, `slide` and `aggregations`, each with
    `function`, `over` and, but for counts of rows, `column`; and, if wished, what create_streaming_feature_group takes.
    """
    said = declaration(file)
    store = signed_in(user).get_project(project).get_feature_store()
    group = store.create_streaming_feature_group(
        said["name"],
        source=store.get_feature_group(said["source"], said.get("source_version")),
        keys=said["keys"],
        aggregations=[_aggregation(one) for one in said["aggregations"]],
        slide=said["slide"],
        **{name: said[name] for name in _OPTIONAL if name in said},
    )
    computed = as_text([feature.name for feature in group.features])
    told_of = {"feature_group": group.name, "version": group.version, "topic": group.topic, "features": computed}
    tell(as_json, told_of, f"feature group {group.name} version {group.version} computes {computed}")


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show the streaming feature groups of a project."""
    groups = signed_in(user).get_project(project).get_feature_store().get_feature_groups()
    rows = [_row(group, group.streaming) for group in groups if group.streaming is not None]
    tell_rows(as_json, rows, ("name", "version", "source", "keys", "slide", "computes"))


@app.command("status")
@told
def status(
    name: str, project: InProject, *, version: NewestVersion = None, user: ActAs = None, as_json: AsJson = False
) -> None:
    """Show what a streaming group computes, and how far its stores are, partition by partition."""
    group = group_of(name, version, project, user)
    if group.streaming is None:
        refuse(f"feature group {name} is not computed: its rows are inserted", "`headrace streaming-group list`.")
    progress = group.progress()
    if as_json:
        tell(as_json, _row(group, group.streaming) | {"progress": progress}, "")
        return
    row = _row(group, group.streaming)
    tell(as_json, {}, f"{row['computes']}: by {row['keys']} of {row['source']}, every {row['slide']}")
    tell(as_json, {}, as_text(progress))


def declaration(file: Path) -> Mapping[str, Any]:
    """What the file declares; raises Invalid, with what is wrong."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Invalid(f"there is no file {file}", code="no-such-file") from None
    except (OSError, ValueError) as error:
        raise Invalid(f"{file} is no JSON: {error}", code="unreadable-file") from error
    if not isinstance(said, dict):
        raise Invalid(f"{file} is no JSON object", code="invalid-declaration")
    missing = [name for name in _NEEDED if name not in said]
    if missing:
        raise Invalid(f"{file} lacks {', '.join(missing)}", code="invalid-declaration")
    strange = [name for name in said if name not in {*_NEEDED, *_OPTIONAL, "source_version"}]
    if strange:
        raise Invalid(f"{file} says {', '.join(strange)}, which no declaration has", code="invalid-declaration")
    return said


def _aggregation(said: Any) -> Aggregation:
    match said:
        case {"function": str(function), "over": str(over), **rest} if not rest:
            return Aggregation(function, None, over)
        case {"function": str(function), "over": str(over), "column": str(column), **rest} if not rest:
            return Aggregation(function, column, over)
        case _:
            raise Invalid(
                f"an aggregation has function, over and perhaps column, not {json.dumps(said)}",
                code="invalid-declaration",
            )


def _row(group: FeatureGroup, streaming: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": group.name,
        "version": group.version,
        "source": f"{streaming['source']} {streaming['source_version']}",
        "keys": as_text(streaming["keys"]),
        "slide": as_duration(streaming["slide_seconds"]),
        "computes": as_text([feature.name for feature in group.features]),
    }


def as_duration(seconds: int) -> str:
    """As declarations say it."""
    size, unit = next(one for one in _UNITS if seconds % one[0] == 0)
    return f"{seconds // size}{unit}"
