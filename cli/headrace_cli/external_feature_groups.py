"""`headrace external-feature-group`: feature groups that are queries on other databases."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from headrace import ExternalFeatureGroup
from headrace_cli.feature_group_options import InProject, NewestVersion, Version
from headrace_cli.feature_rows import Limit, Output
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, as_text, must_repeat, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Feature groups whose rows stay in another database.")


def _group_of(name: str, version: int | None, project: str, user: str | None) -> ExternalFeatureGroup:
    return signed_in(user).get_project(project).get_feature_store().get_external_feature_group(name, version)


def _query(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        refuse("an external feature group is one SELECT", "Give it as --query, or in a file with --query-file.")
    if query is not None:
        return query
    assert file is not None  # noqa: S101 - one of the two was given
    try:
        return file.read_text(encoding="utf-8").strip().removesuffix(";")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{file} cannot be read: {error}", "Give a text file that holds one SELECT.")


@app.command("create")
@told
def create(
    name: str,
    project: InProject,
    *,
    connector: Annotated[str, typer.Option("--connector", help="the storage connector of its database")],
    query: Annotated[str | None, typer.Option("--query", help="one SELECT")] = None,
    query_file: Annotated[Path | None, typer.Option("--query-file", help="a file that holds it")] = None,
    primary_key: Annotated[list[str], typer.Option("--primary-key", help="a column of the key; repeat it")],
    event_time: Annotated[str | None, typer.Option("--event-time", help="the column of that time")] = None,
    known_at: Annotated[
        str | None, typer.Option("--known-at", help="the column that says when a row became known")
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option("--feature", help="a column, as name=type; repeat it. Without any, the query is asked for them"),
    ] = None,
    description: Annotated[str, typer.Option("--description")] = "",
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make an external feature group, or the next version of it; for Data Owners."""
    from headrace_cli.frames import pairs  # noqa: PLC0415 - Arrow takes a while to load

    select = _query(query, query_file)
    made = (
        signed_in(user)
        .get_project(project)
        .get_feature_store()
        .create_external_feature_group(
            name,
            description=description,
            storage_connector=connector,
            query=select,
            primary_key=primary_key,
            event_time=event_time,
            known_at=known_at,
            features=pairs(features) if features else None,
        )
    )
    told_of = {"external_feature_group": name, "version": made.version, "storage_connector": connector}
    tell(as_json, told_of, f"external feature group {name} version {made.version}: read through {connector}")


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a project's external feature groups, all versions of them; no database is asked."""
    rows = [
        {
            "name": group.name,
            "version": group.version,
            "connector": group.connector_name,
            "features": len(group.features),
            "primary_key": ", ".join(group.primary_key),
            "event_time": group.event_time,
            "description": group.description,
        }
        for group in signed_in(user).get_project(project).get_feature_store().get_external_feature_groups()
    ]
    tell_rows(as_json, rows, ("name", "version", "connector", "features", "primary_key", "event_time", "description"))


@app.command("show")
@told
def show(
    name: str, project: InProject, *, version: NewestVersion = None, user: ActAs = None, as_json: AsJson = False
) -> None:
    """Show what a version is: its query, its columns, and where it is asked."""
    group = _group_of(name, version, project, user)
    features = [asdict(feature) for feature in group.features]
    said = {
        "description": group.description,
        "connector": group.connector_name,
        "primary_key": group.primary_key,
        "event_time": group.event_time,
        "known_at": group.known_at,
        "query": group.query,
    }
    if as_json:
        tell(as_json, {"name": group.name, "version": group.version, **said, "features": features}, "")
        return
    for what, value in said.items():
        if value:
            tell(as_json, {}, f"{what.replace('_', ' ')}: {as_text(value)}")
    tell_rows(as_json, features, ("name", "type", "description"))


@app.command("preview")
@told
def preview(
    name: str,
    project: InProject,
    *,
    version: NewestVersion = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="show so many rows")] = 5,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Ask the database, from here, for the first rows; the audit trail says that the secret was read."""
    group = _group_of(name, version, project, user)
    first = next(iter(group.read_batches()), None)
    rows = first.slice(0, limit).to_pylist() if first is not None else []
    tell_rows(as_json, rows, tuple(feature.name for feature in group.features))


@app.command("read")
@told
def read(
    name: str,
    project: InProject,
    *,
    version: NewestVersion = None,
    output: Output = None,
    limit: Limit = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Read all rows that the query gives now."""
    from headrace_cli.frames import deliver  # noqa: PLC0415 - Arrow takes a while to load

    deliver(as_json, _group_of(name, version, project, user).read("arrow"), output, limit)


@app.command("delete")
@told
def delete(
    name: str,
    version: Version,
    project: InProject,
    *,
    confirm: Annotated[str, typer.Option(prompt="Repeat the name to delete it for ever", help="the name again")],
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Delete a version; its database is left as it is, and name and version are never used again."""
    must_repeat(name, confirm, "deleted", "group")
    _group_of(name, version, project, user).delete()
    told_of = {"external_feature_group": name, "version": version, "phase": "deleted"}
    tell(as_json, told_of, f"external feature group {name} version {version} is deleted")
