"""The README of a project: what its members tell those who come later, in Markdown."""

import hashlib

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Invalid
from headrace_events.language import Command, Event, command, event, value

MOST_BYTES = 65_536
"""How long a README may be, in UTF-8."""


@command("readme.write")
class WriteReadme(Command):
    """Put this text in the place of the README; an empty one takes it away."""

    project: str
    text: str

    @property
    def key(self) -> str:
        return ""


@event("readme.written")
class ReadmeWritten(Event):
    """The README says this, and nothing else."""

    text: str

    @property
    def key(self) -> str:
        return ""


@value
class Readme:
    """Which text it is: the SHA-256, for whoever decides need not know what it says."""

    sha256: str


def decide(state: Readme | None, wish: Command, known: Known) -> list[Event]:
    """Keep it text, and short enough for one record; write nothing twice in a row."""
    match wish:
        case WriteReadme(text=text):
            size = len(text.encode())
            if size > MOST_BYTES:
                raise Invalid(
                    "readme-too-long",
                    f"a README has at most {MOST_BYTES} bytes, and this one {size}: store what is longer as a file",
                    {"most": str(MOST_BYTES), "bytes": str(size)},
                )
            if controls := sorted({hex(ord(one)) for one in text if ord(one) < 32 and one not in "\n\r\t"}):
                raise Invalid(
                    "readme-not-text",
                    f"a README is text without control characters, and this one holds {', '.join(controls)}",
                    {"found": ", ".join(controls)},
                )
            return [] if state == _readme(text) else [ReadmeWritten(text=text)]
        case _:
            raise unknown(wish)


def evolve(state: Readme | None, fact: Event) -> Readme:
    """Fold one event."""
    match fact:
        case ReadmeWritten(text=text):
            return _readme(text)
        case _:
            raise unknown(fact)


def _readme(text: str) -> Readme:
    return Readme(sha256=hashlib.sha256(text.encode()).hexdigest())


aggregate("readme", Readme, decide=decide, evolve=evolve)
