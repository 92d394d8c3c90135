"""What can stand in the way of a backup, or of a restoration.

ComposeError
└── BackupError
    ├── StillRunning     servers of this home run, or the broker holds its log
    ├── Elsewhere        part of the state lies where a copy of this home does not reach
    ├── Occupied         something is already where the copy would go
    ├── WithinHome       the backup would lie in the home that it is of
    ├── NotReplaceable   a link or a mount is where the copy would go
    ├── NoRoom           too little space for the copy
    ├── Incomplete       what is there is no finished backup
    ├── Newer            a later version of Headrace made the backup
    ├── Changed          a file is not what the manifest says
    ├── CopyFailed       the disk refused to be read or written
    └── NotAFile         something that is no plain file lies in the way of copying
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace_compose.errors import ComposeError


class BackupError(ComposeError):
    """No copy was made; the message says why, and what to do."""


class StillRunning(BackupError):
    """A copy of files that change while they are copied fits together with nothing."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"Servers of {home} are running.\nStop them with `headrace down`; the copy is made cold.")
        self.home = home


class Elsewhere(BackupError):
    """A setting says that a part of the state is not in the home."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} of this stack lies outside its home: {where}.\nCopy it with its own tools.")
        self.what = what


class Occupied(BackupError):
    """Nothing is ever overwritten."""

    def __init__(self, path: Path, advice: str) -> None:
        super().__init__(f"{path} is there already, and nothing is overwritten.\n{advice}")
        self.path = path


class WithinHome(BackupError):
    """A home that is lost takes its backups with it, and a backup would hold earlier ones with their keys."""

    def __init__(self, folder: Path, home: Path) -> None:
        super().__init__(
            f"{folder} lies in {home}, of which it would be the backup.\nName a folder outside, best on another disk."
        )
        self.folder = folder
        self.home = home


class NotReplaceable(BackupError):
    """A copy gets its name in one step at the end, which a link or a mount would not let it have."""

    def __init__(self, path: Path, advice: str) -> None:
        super().__init__(f"{path} is a link or a mount, in whose place no copy can be put.\n{advice}")
        self.path = path


class NoRoom(BackupError):
    """The copy would fill the disk."""

    def __init__(self, path: Path, free: int, needed: int) -> None:
        told = f"Only {free / 2**20:.0f} MiB are free under {path}; the copy needs {needed / 2**20:.0f} MiB."
        super().__init__(f"{told}\nMake room, or name a folder on another disk.")
        self.path = path
        self.free = free
        self.needed = needed


class Incomplete(BackupError):
    """There is no manifest, which is written last, or one that cannot be read."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder} is no complete backup: {why}.\nTake another one; this one cannot be used.")
        self.folder = folder


class Newer(BackupError):
    """What a later version writes, this one may misread."""

    def __init__(self, folder: Path, theirs: str, ours: str) -> None:
        told = f"{folder} was made by Headrace {theirs}; this is {ours}."
        super().__init__(f"{told}\nRestore it with {theirs} or later; nothing was restored.")
        self.folder = folder
        self.theirs = theirs
        self.ours = ours


class Changed(BackupError):
    """A file was lost, cut off, added or altered after the backup was made."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} {why}: the backup was changed after it was made.\nTake another one; nothing was restored."
        )
        self.path = path


class NotAFile(BackupError):
    """A link, a socket or the like, which a copy could not bring back as it was."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is no plain file or folder.\nMove it out of the home.")
        self.path = path


class CopyFailed(BackupError):
    """The operating system said no."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"The copy failed: {error.strerror} ({error.filename}).\nNothing was left behind; try again.")
        self.error = error


@contextmanager
def translated() -> Iterator[None]:
    """Raise CopyFailed in place of OSError."""
    try:
        yield
    except OSError as error:
        raise CopyFailed(error) from error
