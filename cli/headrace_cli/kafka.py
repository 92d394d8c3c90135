"""`headrace kafka`."""

from __future__ import annotations

from typing import Annotated

import typer

from headrace_cli.telling import ActAs, AsJson, tell, told
from headrace_cli.working import member_of

app = typer.Typer(no_args_is_help=True, help="Kafka clients of projects.")


@app.callback()
def kafka() -> None:
    """Kafka clients of projects."""


@app.command("config")
@told
def config(
    project: Annotated[str, typer.Option("--project", help="the project")],
    form: Annotated[str, typer.Option("--format", help="librdkafka, properties (Java) or flink")] = "librdkafka",
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Print all that a Kafka client needs, with a certificate of the member's own; host names are verified."""
    text = member_of(project, user).get_kafka_api().config(form)
    tell(as_json, {"format": form, "config": text}, text.removesuffix("\n"))
