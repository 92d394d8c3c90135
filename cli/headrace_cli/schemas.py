"""`headrace schema`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import headrace
from headrace_cli.telling import ActAs, AsJson, tell, tell_rows, told
from headrace_cli.working import member_of

app = typer.Typer(no_args_is_help=True, help="Schemas of projects' topics.")
InProject = Annotated[str, typer.Option("--project", help="the project")]
File = Annotated[Path, typer.Argument(help="a file with an Avro schema; `-` for standard input", allow_dash=True)]
OfVersion = Annotated[int | None, typer.Option("--version", help="the version; without it, the newest")]


def _registry(project: str, user: str | None) -> headrace.SchemaRegistry:
    return member_of(project, user).get_schema_registry()


def _text(file: Path) -> str:
    return sys.stdin.read() if str(file) == "-" else file.read_text()


@app.command("list")
@told
def list_(
    project: InProject,
    prefix: Annotated[str, typer.Option(help="only subjects whose names begin like this")] = "",
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show a project's subjects."""
    registry = _registry(project, user)
    subjects = registry.get_subjects(prefix)
    rows = [{"subject": subject, "versions": registry.get_versions(subject)} for subject in subjects]
    tell_rows(as_json, rows, ("subject", "versions"))


@app.command("register")
@told
def register(subject: str, file: File, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Make a schema the subject's next version, unless it is one already."""
    schema_id = _registry(project, user).register(subject, _text(file))
    tell(as_json, {"subject": subject, "id": schema_id}, str(schema_id))


@app.command("get")
@told
def get(
    subject: str, project: InProject, version: OfVersion = None, user: ActAs = None, as_json: AsJson = False
) -> None:
    """Show a version of a subject."""
    schema = _registry(project, user).get_schema(subject, version)
    tell(as_json, asdict(schema), json.dumps(json.loads(schema.schema), indent=2))


@app.command("check")
@told
def check(subject: str, file: File, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Say whether a schema may be the subject's next version; exit status 1 where it may not."""
    reasons = _registry(project, user).check(subject, _text(file))
    tell(
        as_json, {"subject": subject, "compatible": not reasons, "reasons": reasons}, "\n".join(reasons) or "compatible"
    )
    raise typer.Exit(1 if reasons else 0)


@app.command("delete")
@told
def delete(
    subject: str,
    project: InProject,
    *,
    version: Annotated[int | None, typer.Option("--version", help="only this version")] = None,
    permanent: Annotated[
        bool, typer.Option("--permanent", help="forget it: records written with it must be gone")
    ] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Hide a subject or a version; its id goes on to be found by those who read."""
    gone = _registry(project, user).delete(subject, version, permanent=permanent)
    numbers = ", ".join(map(str, gone))
    tell(as_json, {"subject": subject, "versions": gone, "permanent": permanent}, f"{subject}: {numbers} gone")
