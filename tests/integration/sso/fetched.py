"""Servers that only these tests run, fetched once into the cache that all stacks share."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path


def fetched(target: Path, fetch: Callable[[Path], None]) -> Path:
    """The folder, which `fetch` fills where it is not there yet; one process at a time, and all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            new = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
            try:
                fetch(new)
                new.rename(target)
            finally:
                shutil.rmtree(new, ignore_errors=True)
    return target


def run(command: Sequence[str | Path], folder: Path) -> None:
    """Run it to its end in that folder; what it says is shown if it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def tool(name: str, advice: str) -> str:
    """Where the program is, or what to do."""
    found = shutil.which(name)
    assert found is not None, f"this test needs {name}: {advice}"
    return found
