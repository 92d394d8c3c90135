"""Where everything of one stack lies on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("secrets", "kafka", "postgres", "opensearch", "storage", "log", "run", "scratch")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder tree of one stack. Every path is absolute; nothing is created before `make`."""

    root: Path

    def make(self) -> None:
        """Create the folders; only the owner may look into them."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in FOLDERS:
            (self.root / folder).mkdir(mode=0o700, exist_ok=True)

    @property
    def secrets(self) -> Path:
        """Keys and passwords, the only state that is not computed from the log."""
        return self.root / "secrets"

    @property
    def kafka(self) -> Path:
        """The log."""
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        """Read models and online features."""
        return self.root / "postgres"

    @property
    def opensearch(self) -> Path:
        """The search index."""
        return self.root / "opensearch"

    @property
    def storage(self) -> Path:
        """Artifacts and offline features."""
        return self.root / "storage"

    @property
    def run(self) -> Path:
        """What describes the running stack: addresses, process ids, specifications of processes."""
        return self.root / "run"

    def scratch(self, name: str) -> Path:
        """Where the service `name` has its temporary files; nothing in it outlives the service."""
        return self.root / "scratch" / name

    def log(self, name: str) -> Path:
        """Where the service or step `name` writes its output."""
        return self.root / "log" / f"{name}.log"

    def tail(self, name: str, lines: int = 20) -> str:
        """Read the last lines that `name` wrote, or an empty text."""
        return tail(self.log(name), lines)


def tail(path: Path, lines: int = 20) -> str:
    """Read the last lines of a text file without reading all of it; empty when there is no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 64 * 1024))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
