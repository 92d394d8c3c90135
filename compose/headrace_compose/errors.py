"""What can stand in the way of a running stack.

ComposeError
├── MissingTool          a JDK 17 or Maven is not there, or too old
├── DownloadFailed       Maven could not fetch the servers
├── PortInUse            a configured port belongs to somebody else
├── DiskFull             too little space is left under the home
├── ServiceDied          a service ended while it was starting
├── ServiceNotReady      a service runs but does not answer in time
├── StepFailed           a one-shot preparation between services failed
├── UnknownService       a name that no service has
├── StackBusy            another `up` or `down` works on this home
├── BackupError          a copy was not made, or not restored: see backup/errors.py
└── SupervisorLost       the process manager did not start, or went away
"""

from __future__ import annotations

from pathlib import Path


class ComposeError(Exception):
    """The stack cannot do what was asked; the message says why and what to do."""


class MissingTool(ComposeError):
    """A program that the stack needs is not installed."""

    def __init__(self, tool: str, advice: str) -> None:
        super().__init__(f"{tool} is missing: {advice}")
        self.tool = tool


class DownloadFailed(ComposeError):
    """Maven could not fetch a server; carries the end of what it said."""

    def __init__(self, server: str, output: str) -> None:
        super().__init__(f"Maven could not fetch {server}. It said:\n{output}")
        self.server = server
        self.output = output


class PortInUse(ComposeError):
    """A port that was asked for is taken."""

    def __init__(self, service: str, host: str, port: int, owner: str | None) -> None:
        by = f"by {owner}" if owner else "by a process that cannot be seen from here"
        super().__init__(
            f"{service} cannot listen on {host}:{port}, which is in use {by}. "
            f"End that process or configure another port for {service}."
        )
        self.service = service
        self.port = port
        self.owner = owner


class DiskFull(ComposeError):
    """Fewer bytes are free than the servers need to start safely."""

    def __init__(self, path: Path, free: int, needed: int) -> None:
        super().__init__(
            f"Only {free / 2**30:.1f} GiB are free under {path}; the stack needs {needed / 2**30:.1f} GiB to start."
        )
        self.path = path
        self.free = free
        self.needed = needed


class ServiceDied(ComposeError):
    """A service ended before it was ready; carries the end of its log."""

    def __init__(self, service: str, log: Path, tail: str) -> None:
        super().__init__(f"{service} ended while it was starting. The end of {log}:\n{tail}")
        self.service = service
        self.log = log
        self.tail = tail


class ServiceNotReady(ComposeError):
    """A service runs, but did not answer its probe before the deadline."""

    def __init__(self, service: str, seconds: float, reason: str, log: Path, tail: str) -> None:
        super().__init__(f"{service} is not ready after {seconds:.0f} s ({reason}). The end of {log}:\n{tail}")
        self.service = service
        self.reason = reason


class StepFailed(ComposeError):
    """A one-shot preparation ended with an error; carries the end of its log."""

    def __init__(self, step: str, seconds: float, log: Path, tail: str) -> None:
        super().__init__(f"The step {step} failed after {seconds:.0f} s. The end of {log}:\n{tail}")
        self.step = step
        self.log = log
        self.tail = tail


class UnknownService(ComposeError):
    """A service was named that the stack does not have."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"There is no service {name!r}; there are {', '.join(known)}.")
        self.name = name


class StackBusy(ComposeError):
    """Another process is starting or stopping the stack of the same home."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"Another process is starting or stopping the stack in {home}. Try again when it is done.")
        self.home = home


class SupervisorLost(ComposeError):
    """The process manager did not answer; carries the end of its log."""

    def __init__(self, reason: str, log: Path, tail: str) -> None:
        super().__init__(f"The process manager {reason}. The end of {log}:\n{tail}")
        self.log = log
