"""`headrace topic`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Topics of projects.")
InProject = Annotated[str, typer.Option("--project", help="the project")]


@app.command("create")
@told
def create(
    name: str,
    project: InProject,
    partitions: Annotated[int, typer.Option(help="how many; it never changes")] = 1,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make `<project>.topics.<name>`, and answer once it takes records."""
    topic = signed_in(user).get_project(project).get_kafka_api().create_topic(name, partitions)
    tell(as_json, {"topic": topic.name, **asdict(topic)}, topic.name)


@app.command("grant")
@told
def grant(name: str, person: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let a Data Scientist write to a topic."""
    kafka = signed_in(user).get_project(project).get_kafka_api()
    kafka.grant(name, person)
    tell(as_json, {"topic": name, "user": person}, f"{person} may write to {name}")


@app.command("delete")
@told
def delete(
    name: str,
    project: InProject,
    confirm: Annotated[str, typer.Option(prompt="Repeat the name to delete it for ever", help="the name again")],
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Delete a topic that members made, with all its records; its name stays taken."""
    if confirm != name:
        refuse(f"{confirm!r} is not {name!r}: nothing was deleted", "Repeat the topic's name in --confirm.")
    signed_in(user).get_project(project).get_kafka_api().delete_topic(name)
    tell(as_json, {"topic": name, "phase": "closed"}, f"topic {name} is deleted")


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a project's topics."""
    topics = signed_in(user).get_project(project).get_kafka_api().get_topics()
    tell_rows(as_json, [asdict(topic) for topic in topics], ("name", "purpose", "partitions"))
