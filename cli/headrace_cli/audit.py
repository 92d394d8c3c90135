"""`headrace audit`: who did, tried or was refused what."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from headrace import AuditEntry
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import AsJson, tell_rows, told

_COLUMNS = ("time", "actor", "act", "outcome", "code", "count", "project", "subject", "address", "command_id")


@told
def audit(  # noqa: PLR0917 - typer passes all of them by name
    project: Annotated[str | None, typer.Option(help="only what was done in this project")] = None,
    user: Annotated[str | None, typer.Option(help="only what this person did")] = None,
    kind: Annotated[str | None, typer.Option(help="only what was done to this kind, as in feature_group")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="only refusals")] = False,
    limit: Annotated[int, typer.Option(min=1, help="how many lines")] = 50,
    export: Annotated[bool, typer.Option("--export", help="everything, as JSON lines, the first first")] = False,
    as_json: AsJson = False,
) -> None:
    """Show who did, tried or was refused what, when, from where, because of which command; the last first."""
    filters: dict[str, Any] = {"user": user, "kind": kind, "refused": refused}
    with signed_in() as platform:
        if project is not None and not platform.api.get("/api/whoami")["administrator"]:
            trail: Any = platform.get_project(project)
        else:
            trail, filters = platform, {**filters, "project": project}
        if export:
            for part in trail.export_audit(**filters):
                sys.stdout.buffer.write(part)
            return
        found: list[AuditEntry] = trail.audit(limit=limit, **filters)
    rows = [{**asdict(entry), "time": entry.time.isoformat()} for entry in found]
    if not as_json:
        rows = [{**row, "actor": f"{row['actor']} (erased)"} if row["erased"] else row for row in rows]
    tell_rows(as_json, rows, _COLUMNS)
