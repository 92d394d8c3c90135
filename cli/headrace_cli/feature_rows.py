"""Rows of feature groups on the command line: in from files, out to files, the screen, or one entity at a time."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from headrace import Feature
from headrace_cli.feature_group_options import InProject, NewestVersion, group_of, member_group
from headrace_cli.telling import ActAs, AsJson, tell, tell_rows, told

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="write a .parquet, .arrow, .csv, .tsv or .jsonl file instead")
]
KnownAtColumn = Annotated[
    str | None, typer.Option("--known-at", help="the column that says when each row was known, for a backfill")
]
Limit = Annotated[int | None, typer.Option("--limit", help="show so many rows")]


@told
def insert(
    name: str,
    file: Annotated[Path, typer.Argument(help="a .parquet, .arrow, .csv, .tsv or .jsonl file")],
    project: InProject,
    *,
    version: NewestVersion = None,
    insert_id: Annotated[
        str | None, typer.Option("--insert-id", help="the id of an insert that broke off, to repeat it")
    ] = None,
    known_at: KnownAtColumn = None,
    wait: Annotated[bool, typer.Option("--wait", help="until the rows can be read online and offline")] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Insert the rows of a file; exit status 1 where some were refused."""
    from headrace_cli.frames import read_file  # noqa: PLC0415 - Arrow takes a while to load

    with member_group(name, version, project, user) as group:
        read_as = group.features if known_at is None else [Feature(known_at, "timestamp"), *group.features]
        receipt = group.insert(read_file(file, read_as), insert_id=insert_id, wait=wait, known_at=known_at)
    lines = [f"{receipt.accepted:,} rows accepted, {len(receipt.refused):,} refused; insert id {receipt.insert_id}"]
    lines += [f"row {refusal.row}: {refusal.reason}" for refusal in receipt.refused]
    told_of = {
        "accepted": receipt.accepted,
        "refused": [asdict(refusal) for refusal in receipt.refused],
        "insert_id": receipt.insert_id,
        "positions": receipt.positions,
    }
    tell(as_json, told_of, "\n".join(lines))
    raise typer.Exit(1 if receipt.refused else 0)


@told
def insert_stream(
    name: str,
    topic: Annotated[str, typer.Argument(help="the topic, by full or bare name; Avro of the registry, or JSON")],
    project: InProject,
    *,
    version: NewestVersion = None,
    transform: Annotated[
        str | None, typer.Option("--transform", help="FILE.py:FUNCTION that makes a row, several or None of a record")
    ] = None,
    query_name: Annotated[
        str | None, typer.Option("--query-name", help="who goes on where it stopped; another name begins anew")
    ] = None,
    start: Annotated[str, typer.Option("--from", help="earliest or latest, for a query that begins")] = "earliest",
    until_end: Annotated[bool, typer.Option("--until-end", help="stop at the end of the topic")] = False,
    timeout: Annotated[float | None, typer.Option("--timeout", help="stop after so many seconds")] = None,
    known_at: KnownAtColumn = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Insert what is on a topic, each record exactly once, until it is stopped; exit status 1 where some were refused.

    Refused records are told on standard error as they come, one JSON line each.
    """
    from headrace_cli.functions import function_of  # noqa: PLC0415 - only transforms need it

    with member_group(name, version, project, user) as group:
        done = group.insert_stream(
            topic,
            transform=None if transform is None else function_of(transform),
            query_name=query_name,
            start=start,
            until_end=until_end,
            timeout=timeout,
            known_at=known_at,
            on_refused=lambda refused: typer.echo(json.dumps(asdict(refused)), err=True),
        )
    told_of = {
        "query_name": done.query_name,
        "records": done.records,
        "accepted": done.accepted,
        "refused": done.refused,
        "skipped": done.skipped,
        "ended": done.ended,
    }
    text = f"{done.records:,} records read, {done.accepted:,} rows accepted, {done.refused:,} records refused"
    tell(as_json, told_of, f"{text}; query {done.query_name} ended by {done.ended}")
    raise typer.Exit(1 if done.refused else 0)


@told
def read(
    name: str,
    project: InProject,
    *,
    version: NewestVersion = None,
    history: Annotated[bool, typer.Option("--history", help="every row and delete, not the last of each key")] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="what was known at this time (ISO 8601, UTC without a zone)")
    ] = None,
    output: Output = None,
    limit: Limit = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Read the rows of a version from the offline store."""
    from headrace_cli.frames import deliver  # noqa: PLC0415 - Arrow takes a while to load

    table = group_of(name, version, project, user).read("arrow", history=history, as_of=as_of)
    deliver(as_json, table, output, limit)


@told
def changes(
    name: str,
    project: InProject,
    *,
    start: Annotated[str, typer.Option("--from", help="a time (ISO 8601, UTC without a zone)")],
    end: Annotated[str | None, typer.Option("--to", help="a later time; without it, now")] = None,
    version: NewestVersion = None,
    output: Output = None,
    limit: Limit = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show the rows that are other ones at the end than at the start."""
    from headrace_cli.frames import deliver  # noqa: PLC0415 - Arrow takes a while to load

    table = group_of(name, version, project, user).read_changes(start, end, "arrow")
    deliver(as_json, table, output, limit)


@told
def commits(
    name: str,
    project: InProject,
    *,
    version: NewestVersion = None,
    limit: Annotated[int, typer.Option("--limit", help="the last so many")] = 20,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show the last commits of the offline store, the newest first."""
    rows = [asdict(commit) for commit in group_of(name, version, project, user).commit_details(limit)]
    tell_rows(as_json, rows, ("commit_id", "time", "rows_inserted", "rows_updated", "rows_deleted"))


@told
def vector(
    name: str,
    key: Annotated[list[str], typer.Argument(help="the key, a name=value for each of its columns")],
    project: InProject,
    *,
    version: NewestVersion = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show the online features of one entity; exit status 1 where it has none now."""
    from headrace_cli.frames import key_of  # noqa: PLC0415 - Arrow takes a while to load

    group = group_of(name, version, project, user)
    (found,) = group.get_vectors([key_of(key, group.features)])
    lines = [found.status, *(f"{column} = {value}" for column, value in found.values.items())]
    tell(as_json, asdict(found), "\n".join(lines))
    raise typer.Exit(0 if found.status == "found" else 1)
