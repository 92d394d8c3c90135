"""Putting user code under another user than the platform's, where this system lets us.

Started as root, the process moves to a mount namespace of its own, in which folders that only root may enter are
replaced by empty ones that hold nothing but the Python it runs on, and then becomes `nobody`. User code then reads no
file of the platform's that is not public, sees the environment of no process of ours and can signal none. It is no
sandbox between users: all user code of one machine runs under this one user.
"""

import contextlib
import ctypes
import os
import pwd
import signal
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_MOVE, _MS_REC, _MS_PRIVATE = 0x1000, 0x2000, 0x4000, 0x40000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_libc = ctypes.CDLL(None, use_errno=True)

USER = "nobody"


def isolate(own: Iterable[Path]) -> str:
    """Become `nobody`, to whom the `own` folders are given; return "platform", or "none" where that cannot be done."""
    if os.geteuid() != 0:
        return "none"
    parent = os.getppid()
    try:
        entry = pwd.getpwnam(USER)
        _hide(_shut_folders(_python_folders()))
    except (KeyError, OSError):
        return "none"
    for folder in own:
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    _called(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _called(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))  # a change of user has undone the launcher's
    if os.getppid() != parent:
        sys.exit("The parent process ended first.")
    return "platform"


def _python_folders() -> set[Path]:
    """The folders that Python needs: its own, the environment's, and those that modules are imported from."""
    found = {Path(sys.base_prefix), Path(sys.prefix), *(Path(entry) for entry in sys.path if entry)}
    return {folder.resolve() for folder in found if folder.is_dir()}


def _shut_folders(needed: Iterable[Path]) -> dict[Path, list[Path]]:
    """The outermost folders that others may not enter, each with what is needed below it."""
    shut: dict[Path, list[Path]] = {}
    for folder in sorted(needed):
        for ancestor in reversed([folder, *folder.parents]):
            if not ancestor.stat().st_mode & 0o001:
                below = shut.setdefault(ancestor, [])
                if not any(folder.is_relative_to(other) for other in below):
                    below.append(folder)
                break
    return shut


def _hide(shut: dict[Path, list[Path]]) -> None:
    """Put an empty folder in place of each that is shut, and what is needed back into it, for this process alone."""
    if not shut:
        return
    _called(_libc.unshare(_CLONE_NEWNS))
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    for ancestor, needed in shut.items():
        with contextlib.ExitStack() as stack:
            kept = []
            for folder in needed:
                aside = stack.enter_context(tempfile.TemporaryDirectory())
                _mount(str(folder), aside, None, _MS_BIND | _MS_REC)
                kept.append((aside, folder))
            _mount("none", str(ancestor), "tmpfs", 0, "mode=755")
            for aside, folder in kept:
                folder.mkdir(parents=True, exist_ok=True)
                _mount(aside, str(folder), None, _MS_MOVE)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    arguments = (text.encode() if text is not None else None for text in (source, target, kind))
    _called(_libc.mount(*arguments, ctypes.c_ulong(flags), options.encode() if options else None))


def _called(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
