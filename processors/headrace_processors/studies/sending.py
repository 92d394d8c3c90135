"""Commands of the study driver on their way to an answer: what got lost is sent again under the same id."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from headrace_broker.results import Result
from headrace_events.envelope import Request
from headrace_events.errors import KINDS, Conflict

ACTOR = "system:studies"
RETRY_SECONDS = 2.0


class Commands(Protocol):
    """Sends commands."""

    def send(self, request: Request) -> "Future[Result]":
        """Send; the future holds the result or Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A command, what will answer it, and when it was sent last (seconds of a clock)."""

    request: Request
    future: "Future[Result]"
    since: float

    @classmethod
    def by(cls, commands: Commands, request: Request, now: float) -> "Sent":
        """Send it."""
        return cls(request, commands.send(request), now)

    @property
    def failed(self) -> bool:
        """Whether it got lost on its way."""
        return self.future.done() and self.future.exception() is not None

    def answer(self) -> Result | None:
        """What became of it, once that is known."""
        return self.future.result() if self.future.done() and not self.failed else None

    def retried(self, commands: Commands, now: float) -> "Sent":
        """The same, sent again if it got lost a while ago."""
        return self.by(commands, self.request, now) if self.failed and now - self.since > RETRY_SECONDS else self


def is_overtaken(result: Result) -> bool:
    """Whether it was refused because the log had gone on: what happened meanwhile comes through the feed."""
    return KINDS.get(result.kind) is Conflict
