"""`headrace group`."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

import headrace
from headrace_cli.telling import ActAs, AsJson, refuse, tell, tell_rows, told
from headrace_cli.working import member_of

app = typer.Typer(no_args_is_help=True, help="Consumer groups of projects.")
InProject = Annotated[str, typer.Option("--project", help="the project")]


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a project's consumer groups, and what they have still to read."""
    groups = member_of(project, user).get_kafka_api().get_groups()
    rows = [
        {"group": group.name, "state": group.state, "members": len(group.members), "lag": group.lag} for group in groups
    ]
    tell_rows(as_json, rows, ("group", "state", "members", "lag"))


@app.command("describe")
@told
def describe(group: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show who is in a group, and how far it is in each partition."""
    _show(as_json, member_of(project, user).get_kafka_api().get_group(group))


@app.command("reset")
@told
def reset(
    group: str,
    project: InProject,
    topic: Annotated[str, typer.Option(help="the topic")],
    to: Annotated[str, typer.Option(metavar="earliest|latest|OFFSET|TIME", help="where to go on; a time in ISO 8601")],
    *,
    partition: Annotated[int | None, typer.Option(help="only this partition")] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Let a group that nobody is in go on elsewhere; a time without a zone is UTC."""
    kafka = member_of(project, user).get_kafka_api()
    _show(as_json, kafka.reset_offsets(group, topic, _where(to), partition))


def _where(text: str) -> Any:
    if text in {"earliest", "latest"}:
        return text
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        refuse(f"{text!r} is neither earliest, latest, an offset nor a time", "Correct the request.")


def _show(as_json: bool, group: headrace.ConsumerGroup) -> None:
    rows = [{**asdict(place), "lag": place.lag} for place in group.partitions]
    if as_json:
        tell(as_json, {**asdict(group), "partitions": rows, "lag": group.lag}, "")
        return
    members = ", ".join(f"{one.client_id} ({', '.join(one.partitions) or 'nothing'})" for one in group.members)
    tell(as_json, {}, f"{group.name}: {group.state}, lag {group.lag}; members: {members or 'none'}")
    tell_rows(as_json, rows, ("topic", "partition", "offset", "begin", "end", "lag"))
