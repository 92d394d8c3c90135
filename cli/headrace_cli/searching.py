"""`headrace search`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

import headrace
from headrace_cli.feature_group_options import InProject
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, tell_rows, told


@told
def search(
    text: str,
    project: InProject,
    *,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="feature_group, model, …; repeat it")] = None,
    size: Annotated[int, typer.Option("--size", help="the best so many")] = 20,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Find things of a project by names, descriptions, columns, tags and people; the best first."""
    found: headrace.SearchResults = signed_in(user).get_project(project).search(text, kind=kind, size=size)
    rows = [asdict(one) | {"score": round(one.score, 2)} for one in found.results]
    tell_rows(as_json, rows, ("kind", "name", "version", "state", "description", "score"))
