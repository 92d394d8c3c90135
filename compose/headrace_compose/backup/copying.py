"""Copying files byte by byte with their hashes, into a folder that appears whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from headrace_compose.backup.errors import NoRoom, NotAFile, NotReplaceable, Occupied
from headrace_compose.backup.manifest import PARTS, Entry
from headrace_compose.errors import StackBusy

CHUNK = 4 * 2**20
PARTIAL = ".partial"
MARK = ".headrace-copy"
"""What lies in a folder that is being copied into, locked by whoever does, until the folder has its name."""

Advance = Callable[[int, int], None]
"""Told of the bytes that are copied, and of how many there are."""


def silently(done: int, whole: int) -> None:
    """Tell nobody."""


def found(root: Path) -> Iterator[Entry]:
    """The folders and files of those parts that there are, each folder before what is in it; raises NotAFile."""
    for part in PARTS:
        for folder, folders, files in os.walk(root / part, onerror=_refuse):
            folders.sort()
            yield Entry(path=Path(folder).relative_to(root).as_posix(), mode=stat.S_IMODE(Path(folder).stat().st_mode))
            for name in (*folders, *sorted(files)):
                path = Path(folder) / name
                told = path.lstat()
                if stat.S_ISREG(told.st_mode):
                    mode = stat.S_IMODE(told.st_mode)
                    yield Entry(path=path.relative_to(root).as_posix(), mode=mode, size=told.st_size, sha256="")
                elif not stat.S_ISDIR(told.st_mode):
                    raise NotAFile(path)


def copy(source: Path, target: Path, mode: int, advance: Callable[[int], None]) -> tuple[int, str]:
    """Copy a file to where none is, down to the disk; its size and SHA-256. Runs of zeros become holes."""
    hashed, size = hashlib.sha256(), 0
    nothing = bytes(CHUNK)
    opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with source.open("rb") as read, os.fdopen(opened, "wb") as written:
        while chunk := read.read(CHUNK):
            hashed.update(chunk)
            size += len(chunk)
            if chunk == nothing[: len(chunk)]:
                written.seek(len(chunk), os.SEEK_CUR)
            else:
                written.write(chunk)
            advance(len(chunk))
        written.truncate(size)
        written.flush()
        os.fsync(written.fileno())
    target.chmod(mode)
    return size, hashed.hexdigest()


def must_have_room(where: Path, needed: int) -> None:
    """Raise NoRoom unless that many bytes and a hundredth more are free there, or above what is not there yet."""
    there = next(path for path in (where, *where.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < needed + needed // 100:
        raise NoRoom(there, free, needed)


@contextlib.contextmanager
def appearing(target: Path, advice: str) -> Iterator[Path]:
    """A folder to copy into, which is called `target` once the block is left well, and is gone otherwise.

    Until then it is `….partial`; what a copy left there that was killed is removed first.

    Raises Occupied, NotReplaceable, StackBusy.
    """
    if target.is_symlink() or target.is_mount():
        raise NotReplaceable(target, advice)
    if target.exists() and not _is_empty(target):
        raise Occupied(target, advice)
    partial = target.with_name(target.name + PARTIAL)
    _take(partial, advice)
    mark = partial / MARK
    with os.fdopen(os.open(mark, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackBusy(target) from error
        for left in partial.iterdir():
            if left != mark:
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        try:
            yield partial
            for folder, _, _ in os.walk(partial, topdown=False):
                _to_disk(Path(folder))
            partial.rename(target)  # over an empty folder, or where nothing is
        except BaseException:
            shutil.rmtree(partial)
            raise
        _to_disk(target.parent)
        (target / MARK).unlink()  # last, so that what was killed before is known as ours
        _to_disk(target)


def _take(partial: Path, advice: str) -> None:
    """Make the folder, or take one that a killed copy left; raises Occupied where somebody else made what is there."""
    try:
        partial.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        there = partial.lstat()
        ours = stat.S_ISDIR(there.st_mode) and there.st_uid == os.geteuid()
        if not ours or not (_is_empty(partial) or (partial / MARK).exists()):
            raise Occupied(partial, advice) from error
        partial.chmod(0o700)


def _refuse(error: OSError) -> None:
    raise error


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
