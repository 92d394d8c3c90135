"""Becomes a service: the few lines between the process manager and the program it looks after.

Run as a file, with the path of a specification (JSON: `command`, `environment`, `parent`, `death_signal`, `user`,
`scratch`, `niceness`), it ties its life to its parent's (which is the process manager), raises the limit of open files,
gives way to others as far as it is told, empties the folder for temporary files, and executes the program in its own
place, so that the process manager signals the program itself. It imports only the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import resource
import shutil
import sys
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
CANNOT_RUN = 126


def main(path: Path) -> None:
    """Become the program that the specification in `path` names; returns only by raising."""
    specification: dict[str, Any] = json.loads(path.read_text())
    raise_file_limit()
    os.nice(specification["niceness"])
    scratch = specification["scratch"]
    if scratch is not None:
        empty(Path(scratch))
    if specification["user"] == "unprivileged":
        leave_root()
    elif specification["user"] is not None:
        become(specification["user"])
    parent = specification["parent"]
    die_with(parent if isinstance(parent, int) else int(Path(parent).read_text()), specification["death_signal"])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEADRACE_", "SUPERVISOR_"))}
    own = {} if scratch is None else {"TMPDIR": scratch}
    command: list[str] = specification["command"]
    os.execvpe(command[0], command, {**kept, **own, **specification["environment"]})  # noqa: S606 - no shell is wanted


def empty(folder: Path) -> None:
    """Make the folder, without what a predecessor that was killed has left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def raise_file_limit() -> None:
    """Allow as many open files as this user may have at most."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def die_with(parent: int, death_signal: int) -> None:
    """Ask the kernel to send `death_signal` to this process when `parent` ends.

    It comes after every change of credentials, which would undo it (`man 2 prctl`), and looks for the parent
    afterwards, which may have ended before.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit("The parent process ended first.")


def leave_root() -> None:
    """Be an ordinary user from now on, in a user namespace of its own in which root's files are that user's.

    For servers that refuse to run as root. The user is one that the system knows, because servers ask for its name.
    """
    uid, gid = os.geteuid(), os.getegid()
    ordinary = min(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "this system does not let a process have a user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{ordinary} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{ordinary} {gid} 1")


def become(name: str) -> None:
    """Be the system user `name` from now on, without any group but its own."""
    entry = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except OSError as error:
        print(f"cannot run {sys.argv[1]}: {error}", file=sys.stderr)
        sys.exit(CANNOT_RUN)
