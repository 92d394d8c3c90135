"""The first start: makes the first administrator and leaves the key where the command line finds it."""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path

import httpx

from headrace_broker.private_files import write_private

NAME = "administrator"


def found(api: str, secrets: Path) -> None:
    """Found the platform once; a repetition finds the key and does nothing.

    The command's id is kept before it is sent, so that a start killed in between asks for the same key again.
    """
    key_file = secrets / f"{NAME}.key"
    if key_file.exists():
        return
    pending = secrets / f"{NAME}.command"
    if not pending.exists():
        write_private(pending, str(uuid.uuid4()).encode())
    token = (secrets / "bootstrap.token").read_text().strip()
    answer = httpx.post(
        f"{api}/api/first-administrator",
        json={"user": NAME},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": pending.read_text().strip()},
        timeout=60,
    )
    if answer.status_code != 201:
        sys.exit(
            f"the platform could not be founded: {answer.text}\n"
            f"If it has an administrator already, put that key into {key_file}."
        )
    write_private(key_file, answer.json()["key"].encode())
    pending.unlink()


if __name__ == "__main__":
    found(os.environ["HEADRACE_API"], Path(os.environ["HEADRACE_SECRETS"]))
