"""Passwords as argon2id hashes (RFC 9106), which leave this process only encrypted."""

import asyncio
from functools import cached_property, partial
from typing import TypeVar

import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from headrace_api.errors import Unprocessable
from headrace_broker.sealing import MasterKey
from headrace_events.ids import CommandId

SHORTEST = 12
LONGEST = 200

T = TypeVar("T")
PRESCRIBED = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
"""The second recommended option of RFC 9106: 64 MiB and some 100 ms of a core."""


class Hashing:
    """Hashes and compares, two at a time: each takes what the hasher costs."""

    def __init__(self, master: MasterKey, hasher: PasswordHasher = PRESCRIBED) -> None:
        self._master = master
        self._hasher = hasher
        self._turns = asyncio.Semaphore(2)

    async def chosen(self, user: str, password: str, command: CommandId) -> bytes:
        """As `sealed`, of a password that somebody thought of. Raises Unprocessable for a weak one."""
        _must_be_strong(user, password)
        return await self.sealed(user, password, command)

    async def sealed(self, user: str, password: str, command: CommandId) -> bytes:
        """What a command may carry; the same for the same command."""
        salt = bytes.fromhex(self._master.fingerprint(f"password salt of {user} by {command}".encode()))[:16]
        async with self._turns:
            hashed = await anyio.to_thread.run_sync(partial(self._hasher.hash, password, salt=salt))
        return self._master.wrap(hashed.encode(), _bound(user))

    async def matches(self, user: str, password: str, sealed: bytes | None) -> bool:
        """Whether it is the password; takes as long where there is none."""
        known = self._nobodys if sealed is None else self._master.unwrap(sealed, _bound(user)).decode()
        async with self._turns:
            equal = await anyio.to_thread.run_sync(self._equal, known, password)
        return equal and sealed is not None

    def _equal(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False

    @cached_property
    def _nobodys(self) -> str:
        """A hash to compare with where there is no password."""
        return self._hasher.hash("the password of nobody")


def _bound(user: str) -> bytes:
    return f"password/{user}".encode()


def _must_be_strong(user: str, password: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST or user in password or len(set(password)) < 5:
        raise Unprocessable(
            "weak-password",
            f"a password has {SHORTEST} to {LONGEST} characters, five different ones at least, and not the user's name",
        )
