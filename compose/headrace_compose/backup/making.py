"""Making a backup of a home whose servers are down."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from headrace_compose.backup.copying import Advance, appearing, copy, found, must_have_room, silently
from headrace_compose.backup.errors import Incomplete, StillRunning, WithinHome, translated
from headrace_compose.backup.manifest import Entry, Manifest
from headrace_compose.home import Home

LOCK = "kafka/data/.lock"
"""What the broker holds while it runs."""
ADVICE = "Name a folder that is not there yet."


@translated()
def make_backup(home: Home, target: Path, version: str, advance: Advance = silently) -> Manifest:
    """Copy secrets, log and files into the folder `target`, which then appears, with its manifest.

    Nobody may start the home's servers meanwhile. Raises BackupError.
    """
    cluster = home.secrets / "cluster.id"
    if not cluster.is_file() or not (home.kafka / "data" / "meta.properties").is_file():
        raise Incomplete(home.root, "there is no log in it to take")
    if target.resolve().is_relative_to(home.root.resolve()):
        raise WithinHome(target, home.root)
    _must_be_at_rest(home)
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    wanted = tuple(entry for entry in found(home.root) if entry.path != LOCK)
    whole = sum(entry.size or 0 for entry in wanted)
    must_have_room(target, whole)
    done = 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        advance(done, whole)

    with appearing(target, ADVICE) as folder:
        entries = tuple(_copied(home.root, folder, entry, tell) for entry in wanted)
        made = Manifest(made=begun, version=version, cluster_id=cluster.read_text().strip(), entries=entries)
        made.write(folder)
    return made


def _copied(root: Path, folder: Path, entry: Entry, tell: Callable[[int], None]) -> Entry:
    if entry.is_folder:
        (folder / entry.path).mkdir(mode=0o700, parents=True)
        return entry
    size, sha256 = copy(root / entry.path, folder / entry.path, entry.permissions, tell)
    return replace(entry, size=size, sha256=sha256)


def _must_be_at_rest(home: Home) -> None:
    """Raise StillRunning while a broker holds the log, whoever started it."""
    lock = home.root / LOCK
    if not lock.exists():
        return
    with lock.open("r+b") as held:
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StillRunning(home.root) from error
