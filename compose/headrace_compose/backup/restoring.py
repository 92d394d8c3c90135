"""Making a home of a backup, on a machine that has none."""

from __future__ import annotations

from pathlib import Path

from headrace_compose.backup.copying import Advance, appearing, copy, found, must_have_room, silently
from headrace_compose.backup.errors import Changed, Incomplete, translated
from headrace_compose.backup.manifest import Entry, Manifest
from headrace_compose.home import Home

ADVICE = "Restore into another home (HEADRACE_HOME), or move this one away."


@translated()
def restore_backup(source: Path, home: Home, version: str, advance: Advance = silently) -> Manifest:
    """Copy what is in the backup into the home, which then appears, or is as if nothing had been tried.

    Each byte is held against the manifest on its way; `version` is that of this Headrace. Raises BackupError.
    """
    if not source.is_dir():
        raise Incomplete(source, "it is no folder")
    manifest = Manifest.read(source, version)
    _must_be_whole(source, manifest)
    must_have_room(home.root, manifest.bytes)
    done = 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        advance(done, manifest.bytes)

    with appearing(home.root, ADVICE) as folder:
        for entry in manifest.entries:
            if entry.is_folder:
                (folder / entry.path).mkdir(mode=0o700)
            elif copy(source / entry.path, folder / entry.path, entry.permissions, tell) != (entry.size, entry.sha256):
                raise Changed(source / entry.path, "has other bytes than were written")
        for entry in reversed(manifest.entries):
            if entry.is_folder:
                (folder / entry.path).chmod(entry.permissions)
    return manifest


def _must_be_whole(source: Path, manifest: Manifest) -> None:
    """Raise Changed where a file is missing, too many, or of another length: seen before anything is copied."""
    there = {entry.path: entry for entry in found(source)}
    told = {entry.path: entry for entry in manifest.entries}
    for path in (*(path for path in told if path not in there), *(path for path in there if path not in told)):
        raise Changed(source / path, "is missing" if path in told else "was added")
    for path, entry in told.items():
        if _size(there[path]) != _size(entry):
            raise Changed(source / path, f"has {there[path].size} bytes, not {entry.size}")


def _size(entry: Entry) -> int | None:
    return None if entry.is_folder else entry.size
