"""Telling the launcher what to become."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headrace_broker.private_files import write_private
from headrace_compose import launcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A program and the terms on which it runs.

    `parent` is the process whose end it must not outlive: its id, or the file that will hold it. `user` is None for our
    own account, `unprivileged` for not being root, or a name. `scratch` is the folder for temporary files, if it is to
    have one of its own. `niceness` is how far it gives way to others where processors are short (`man 2 nice`).
    """

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    parent: int | Path
    death_signal: signal.Signals = signal.SIGKILL
    user: str | None = None
    scratch: Path | None = None
    niceness: int = 0

    def write(self, path: Path) -> None:
        """Keep this in `path`, for the owner only."""
        specification = {
            "command": list(self.command),
            "environment": dict(self.environment),
            "parent": self.parent if isinstance(self.parent, int) else str(self.parent),
            "death_signal": int(self.death_signal),
            "user": self.user,
            "scratch": None if self.scratch is None else str(self.scratch),
            "niceness": self.niceness,
        }
        write_private(path, json.dumps(specification).encode())


def command(path: Path) -> list[str]:
    """Give the command that becomes what is kept in `path`."""
    return [sys.executable, "-IS", launcher.__file__, str(path)]
