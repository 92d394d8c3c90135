"""Commands and events as records of the log: CloudEvents headers in binary mode, plus ours.

Source: CloudEvents 1.0, Kafka protocol binding, binary content mode (`ce_` headers).
"""

from headrace_broker.record import Entry, Record
from headrace_broker.topics import COMMANDS, CREDENTIALS, PLATFORM, events_of
from headrace_events.envelope import Recorded, Request
from headrace_events.ids import CommandId, EventId, Micros, command_id
from headrace_events.language import Home
from headrace_schemas.codec import MessageCodec
from headrace_schemas.errors import Undecodable


def command_entry(request: Request, codec: MessageCodec) -> Entry:
    """The record of a command."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": request.id,
        "ce_type": request.command.wire,
        "ce_source": "/headrace",
        "content-type": "application/avro",
        "headrace_actor": request.actor,
    }
    if request.expected_version is not None:
        headers["headrace_expected_version"] = str(request.expected_version)
    if request.trace:
        headers["traceparent"] = request.trace
    if request.address:
        headers["headrace_address"] = request.address
    key = (request.command.scope or "headrace").encode()
    return Entry(topic=COMMANDS, key=key, value=codec.encode(request.command), headers=headers)


def read_command(record: Record, codec: MessageCodec) -> Request:
    """The command of a record; raises SchemaError, Invalid."""
    if record.value is None or "headrace_actor" not in record.headers:
        raise Undecodable("a command has a value and an actor")
    expected = record.headers.get("headrace_expected_version")
    if expected is not None and not expected.isdecimal():
        raise Undecodable(f"the expected version {expected!r} is not a number")
    return Request(
        command=codec.decode_command(record.value),
        id=command_id(record.headers.get("ce_id", "")),
        actor=record.headers["headrace_actor"],
        expected_version=int(expected) if expected is not None else None,
        trace=record.headers.get("traceparent"),
        address=record.headers.get("headrace_address"),
    )


def event_entry(recorded: Recorded, codec: MessageCodec) -> Entry:
    """The record of an event, on the topic that is its home."""
    home = recorded.event.home
    if home is Home.PROJECT and recorded.project is None:
        raise AssertionError(f"{type(recorded.event).__name__} belongs to a project")
    topic = {Home.PLATFORM: PLATFORM, Home.CREDENTIALS: CREDENTIALS}.get(home) or events_of(recorded.project or "")
    source = f"/headrace/projects/{recorded.project}" if recorded.project else "/headrace"
    headers = {
        "ce_specversion": "1.0",
        "ce_id": recorded.id,
        "ce_type": recorded.event.wire,
        "ce_source": source,
        "content-type": "application/avro",
        "headrace_actor": recorded.actor,
        "headrace_cause": recorded.cause,
        "headrace_seq": str(recorded.seq),
        "headrace_version": str(recorded.version),
    }
    if recorded.project:
        headers["headrace_project"] = recorded.project
    if recorded.run:
        headers["headrace_run"] = recorded.run
    return Entry(topic=topic, key=recorded.aggregate.encode(), value=codec.encode(recorded.event), headers=headers)


def read_event(record: Record, codec: MessageCodec) -> Recorded:
    """The event of a record; raises SchemaError."""
    headers = record.headers
    if record.value is None:
        raise Undecodable("an event has a value")
    try:
        return Recorded(
            event=codec.decode_event(record.value),
            id=EventId(headers["ce_id"]),
            project=headers.get("headrace_project"),
            seq=int(headers["headrace_seq"]),
            version=int(headers["headrace_version"]),
            actor=headers["headrace_actor"],
            cause=CommandId(headers["headrace_cause"]),
            time=Micros(record.timestamp * 1000),
            run=headers.get("headrace_run"),
            at=record.at,
        )
    except (KeyError, ValueError) as error:
        raise Undecodable(f"an event without its headers: {error!r}") from error
