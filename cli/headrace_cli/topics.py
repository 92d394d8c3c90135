"""`headrace topic`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

import headrace
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, must_repeat, refuse, tell, tell_rows, told
from headrace_cli.working import member_of

app = typer.Typer(no_args_is_help=True, help="Topics of projects.")
InProject = Annotated[str, typer.Option("--project", help="the project")]
FOREVER = "forever"
_WRITERS = {"user": "owners", "features": "owners", "outcomes": "owners", "runs": "all members"}
RetentionMs = Annotated[
    str | None, typer.Option(metavar="MS|forever", help="how long records are kept, in milliseconds")
]
RetentionBytes = Annotated[
    str | None, typer.Option(metavar="BYTES|forever", help="how much each partition keeps, in bytes")
]


def _limit(text: str) -> int | None:
    if text == FOREVER:
        return None
    try:
        return int(text)
    except ValueError:
        refuse(f"{text!r} is neither a whole number nor {FOREVER!r}", "Correct the request.")


def _limits(retention_ms: str | None, retention_bytes: str | None) -> dict[str, Any]:
    given = {"retention_ms": retention_ms, "retention_bytes": retention_bytes}
    return {name: _limit(text) for name, text in given.items() if text is not None}


@app.command("create")
@told
def create(
    name: str,
    project: InProject,
    *,
    partitions: Annotated[int, typer.Option(help="how many; more can be added later")] = 1,
    retention_ms: RetentionMs = None,
    retention_bytes: RetentionBytes = None,
    compacted: Annotated[bool, typer.Option("--compacted", help="the last record of each key is enough")] = False,
    subject: Annotated[
        str | None, typer.Option(help="the subject that records are encoded by; without one, `<topic>-value`")
    ] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make `<project>.topics.<name>`, and answer once it takes records."""
    kafka = signed_in(user).get_project(project).get_kafka_api()
    kept = _limits(retention_ms, retention_bytes)
    topic = kafka.create_topic(name, partitions, subject=subject, compacted=compacted, **kept)
    tell(as_json, {"topic": topic.name, **asdict(topic)}, topic.name)


@app.command("describe")
@told
def describe(name: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show what a topic is like, whose records it takes, and by which subject they are encoded."""
    _show(as_json, signed_in(user).get_project(project).get_kafka_api().get_topic(name))


@app.command("change")
@told
def change(
    name: str,
    project: InProject,
    *,
    partitions: Annotated[
        int | None, typer.Option(help="more than there are; keys may go to other partitions then")
    ] = None,
    retention_ms: RetentionMs = None,
    retention_bytes: RetentionBytes = None,
    compacted: Annotated[
        bool | None, typer.Option("--compacted/--not-compacted", help="the last record of each key is enough, or not")
    ] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Change what a topic is like, and answer once the brokers have it so."""
    kept = _limits(retention_ms, retention_bytes)
    if compacted is not None:
        kept["compacted"] = compacted
    kafka = signed_in(user).get_project(project).get_kafka_api()
    _show(as_json, kafka.change_topic(name, partitions=partitions, **kept))


def _show(as_json: bool, topic: headrace.KafkaTopic) -> None:
    told_of = {"topic": topic.name, **asdict(topic)}
    lines = {
        "topic": topic.name,
        "phase": topic.phase,
        "purpose": topic.purpose,
        "partitions": topic.partitions,
        "kept for": FOREVER if topic.retention_ms is None else f"{topic.retention_ms} ms",
        "kept at most": "everything" if topic.retention_bytes is None else f"{topic.retention_bytes} bytes a partition",
        "compacted": "yes" if topic.compacted else "no",
        "subject": topic.subject or "-",
        "writers": ", ".join((_WRITERS.get(topic.purpose, "the platform"), *topic.writers)),
    }
    tell(as_json, told_of, "\n".join(f"{name:<13} {value}" for name, value in lines.items()))


@app.command("grant")
@told
def grant(name: str, person: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let a Data Scientist write to a topic."""
    kafka = signed_in(user).get_project(project).get_kafka_api()
    kafka.grant(name, person)
    tell(as_json, {"topic": name, "user": person}, f"{person} may write to {name}")


@app.command("browse")
@told
def browse(
    name: str,
    project: InProject,
    *,
    partition: Annotated[int | None, typer.Option(help="only this partition")] = None,
    offset: Annotated[int | None, typer.Option(help="the first offset; without one, the newest records")] = None,
    limit: Annotated[int, typer.Option(help="how many at most")] = 20,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show records of a topic, decoded; what cannot be decoded is shown with the reason."""
    kafka = member_of(project, user).get_kafka_api()
    records = [record.to_json() for record in kafka.browse(name, partition, offset, limit)]
    if as_json:
        tell(as_json, records, "")
        return
    rows = [
        {**row, "key": _line(row["key"]), "value": _line(f"! {row['error']}" if "error" in row else row["value"])}
        for row in records
    ]
    tell_rows(as_json, rows, ("partition", "offset", "time", "key", "value"))


def _line(value: Any) -> str:
    """The value in a line of its own, without anything that a terminal would obey."""
    return value if isinstance(value, str) and value.isprintable() else json.dumps(value)


@app.command("consume")
@told
def consume(
    name: str,
    project: InProject,
    *,
    group: Annotated[
        str | None, typer.Option(help="go on where this group stopped; without one, nothing is remembered")
    ] = None,
    start: Annotated[str, typer.Option("--from", help="earliest or latest, where nothing is remembered")] = "earliest",
    follow: Annotated[bool, typer.Option("--follow", help="wait for more at the end")] = False,
    limit: Annotated[int | None, typer.Option(help="how many at most")] = None,
    user: ActAs = None,
) -> None:
    """Print the records of a topic as JSON lines: topic, partition, offset, time, key, value, headers."""
    kafka = member_of(project, user).get_kafka_api()
    for record in kafka.consume(name, group, start=start, follow=follow, limit=limit):
        typer.echo(json.dumps(record.to_json()))


@app.command("produce")
@told
def produce(
    name: str,
    project: InProject,
    *,
    key: Annotated[str | None, typer.Option(help="the field whose text is the record's key")] = None,
    subject: Annotated[str | None, typer.Option(help="the subject to encode by; without one, the topic's own")] = None,
    text: Annotated[bool, typer.Option("--text", help="send each line as it is")] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Send what comes on standard input, a JSON object in each line, encoded by the topic's schema."""
    kafka = member_of(project, user).get_kafka_api()
    lines = (line.rstrip(b"\r\n") for line in sys.stdin.buffer)
    records = lines if text else (_parsed(number, line) for number, line in enumerate(lines, 1) if line.strip())
    sent = kafka.produce(name, records, key=key, subject=subject)
    tell(as_json, {"topic": name, "records": sent}, f"{sent} records sent to {name}")


def _parsed(number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise headrace.Invalid(f"line {number} is no JSON: {error}", code="invalid-json") from error
    if not isinstance(record, dict):
        raise headrace.Invalid(f"line {number} is no JSON object", code="invalid-json")
    return record


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
    must_repeat(name, confirm, "deleted", "topic")
    signed_in(user).get_project(project).get_kafka_api().delete_topic(name)
    tell(as_json, {"topic": name, "phase": "closed"}, f"topic {name} is deleted")


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a project's topics."""
    topics = signed_in(user).get_project(project).get_kafka_api().get_topics()
    tell_rows(as_json, [asdict(topic) for topic in topics], ("name", "purpose", "partitions"))
