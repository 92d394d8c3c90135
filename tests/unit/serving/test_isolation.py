"""Who user code runs as: another where the platform is root, the platform itself elsewhere."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys

from headrace_serving.isolation import USER

PROGRAM = """
import os, sys
from headrace_serving.isolation import isolate

if sys.argv[1] != "as we are":
    os.setresuid(*[int(sys.argv[1])] * 3)
print(isolate([]), os.geteuid())
"""
NOBODY = pwd.getpwnam(USER).pw_uid


def become(user: str) -> str:
    """What `isolate` says to that user, and who it is afterwards."""
    told = subprocess.run([sys.executable, "-c", PROGRAM, user], check=True, stdout=subprocess.PIPE, text=True)
    return told.stdout.strip()


def test_root_becomes_nobody_and_says_platform_and_others_stay_who_they_are_and_say_none() -> None:
    assert become("as we are") == (f"platform {NOBODY}" if os.geteuid() == 0 else f"none {os.geteuid()}")


def test_who_is_not_root_stays_who_they_are_and_says_none() -> None:
    user = NOBODY if os.geteuid() == 0 else os.geteuid()
    assert become(str(user)) == f"none {user}"
