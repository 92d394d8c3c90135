"""Sending a command for the caller: its id, the version it expects, the answer with its positions."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, Field

from headrace_api.audit.trail import address_of
from headrace_api.authentication import Actor, Caller
from headrace_api.context import Context, Here
from headrace_api.errors import OutcomeUnknown, Unprocessable
from headrace_broker.results import Result
from headrace_events import envelope
from headrace_events.envelope import Position
from headrace_events.ids import CommandId, command_id, event_id, uuid7
from headrace_events.language import Command
from headrace_events.scopes import needed

SECONDS = 20.0
"""How long a command's result is waited for."""

POSITION = "Headrace-Position"


class Accepted(BaseModel):
    """A command that was accepted: what it is called, and where its events are."""

    command_id: str = Field(description="the Idempotency-Key sent, or the id that was made")
    aggregate: str = Field(description="what decided", examples=["feature_group/weather"])
    version: int = Field(description="its version now; send it as If-Match to change exactly this state")
    events: list[str] = Field(description="ids of the events that happened; none if nothing had to change")
    positions: list[str] = Field(description="give these as `after` to a read, and it shows what you did")
    status_url: str | None = Field(default=None, description="read this until the work behind it is done")

    @classmethod
    def of(cls, command: CommandId, result: Result, status_url: str | None = None) -> "Accepted":
        """The answer to a command with that result."""
        return cls(
            command_id=command,
            aggregate=result.aggregate,
            version=result.version,
            events=list(result.events),
            positions=list(result.positions),
            status_url=status_url,
        )


IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="a UUID: the same request with the same one happens once"),
]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="the version that the thing to change must be at")]


class Sender:
    """Sends the one command of a request as its caller."""

    def __init__(
        self,
        context: Context,
        actor: Actor,
        response: Response,
        *,
        command_id: CommandId,
        expected_version: int | None,
        trace: str | None,
        address: str | None,
    ) -> None:
        self.context = context
        self.actor = actor
        self.id = command_id
        self._response = response
        self._expected_version = expected_version
        self._trace = trace
        self._address = address

    async def send(self, command: Command, status_path: str | None = None) -> Accepted:
        """The command accepted; raises the Refusal, Unavailable, OutcomeUnknown.

        With `status_path` the answer is 202, and names that path as the place to wait at.
        """
        result = await self.result(command)
        self.tell(result.positions)
        status_url = None
        if status_path is not None:
            self._response.status_code = 202
            status_url = self.context.settings.url + status_path
        return Accepted.of(self.id, result, status_url)

    def tell(self, positions: Sequence[str]) -> None:
        """Name the positions in the answer, of each partition the furthest."""
        furthest: dict[tuple[str, int], Position] = {}
        for place in sorted(Position.parse(text) for text in positions):
            furthest[place.topic_id, place.partition] = place
        self._response.headers[POSITION] = ",".join(str(place) for place in furthest.values())

    def must_expect_nothing(self) -> None:
        """Raise Unprocessable where the request names one version, and is of many things."""
        if self._expected_version is not None:
            raise Unprocessable("if-match-of-many", "If-Match names the version of one thing: leave it out here", {})

    async def result(self, command: Command, part: int | None = None) -> Result:
        """What became of the command; raises the Refusal (or its key's), Unavailable, OutcomeUnknown.

        A request of many commands numbers them: sent again with its id, each `part` has its own id again.
        """
        self.actor.must_have(needed(command))
        request = envelope.Request(
            command=command,
            id=self.id if part is None else CommandId(event_id(self.id, part)),
            actor=self.actor.name,
            expected_version=self._expected_version,
            trace=self._trace,
            address=await self.context.personal.address(self.actor.user, self._address),
        )
        return await result_of(self.context, request)


async def result_of(context: Context, request: envelope.Request) -> Result:
    """Send a command and wait for what becomes of it; raises the Refusal, Unavailable, OutcomeUnknown."""
    sent = asyncio.wrap_future(context.commands.send(request))
    try:
        return (await asyncio.wait_for(sent, SECONDS)).raise_if_refused()
    except TimeoutError:
        context.commands.forget(request.id)
        raise OutcomeUnknown(request.id, SECONDS) from None


def named_id(header: str | None) -> CommandId:
    """The id in the Idempotency-Key header, or a new one; raises Invalid."""
    return command_id(header) if header is not None else CommandId(uuid7())


def expected_version(header: str | None) -> int | None:
    """The version in the If-Match header; raises Unprocessable."""
    if header is None:
        return None
    text = header.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Unprocessable("invalid-if-match", "If-Match is a version number", {"If-Match": header[:80]})
    return int(text)


async def _sender(  # noqa: PLR0917 - FastAPI passes all of them by name
    context: Here,
    actor: Caller,
    request: Request,
    response: Response,
    key: IdempotencyKey = None,
    if_match: IfMatch = None,
    traceparent: Annotated[str | None, Header(description="W3C trace context", max_length=200)] = None,
) -> Sender:
    return Sender(
        context,
        actor,
        response,
        command_id=named_id(key),
        expected_version=expected_version(if_match),
        trace=traceparent,
        address=address_of(request),
    )


async def _platform_sender(sender: Annotated[Sender, Depends(_sender)]) -> Sender:
    sender.actor.must_not_be_limited()
    return sender


Sending = Annotated[Sender, Depends(_sender)]
"""Sends as the caller, in a project's routes."""

PlatformSending = Annotated[Sender, Depends(_platform_sender)]
"""Sends as the caller, whose key must not be limited to a project."""
