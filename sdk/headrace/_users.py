"""People of the platform, for administrators; and asking to become one of them, for anybody."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from headrace._account import unsigned
from headrace._http import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person; `standing` is pending, active, rejected, deactivated or erased.

    Times are RFC 3339, `…_until` microseconds UTC: a temporary password ends then, a locked one counts again.
    """

    user: str
    administrator: bool
    standing: str
    reason: str
    password: bool
    temporary_until: int | None
    locked_until: int | None
    totp: bool
    full_name: str | None
    email: str | None
    created_time: str
    standing_by: str
    standing_time: str


class UsersApi:
    """Who is on the platform, and what administrators decide about them."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get_users(self, standing: str | None = None) -> list[User]:
        """Everybody, or everybody of that standing, by name."""
        return [User(**row) for row in self._api.get("/api/users", standing=standing)]

    def get_user(self, user: str) -> User:
        """The person; raises NotFound. Everybody may ask about themselves."""
        return User(**self._api.get(_path(user)))

    def create_user(self, user: str) -> None:
        """Make a person known, who needs no approval."""
        self._api.post("/api/users", {"user": user})

    def approve(self, user: str) -> None:
        """Let a registered person in."""
        self._api.post(f"{_path(user)}/approval", {})

    def reject(self, user: str, reason: str = "") -> None:
        """Turn a registered person away; they may register again."""
        self._api.post(f"{_path(user)}/rejection", {"reason": reason})

    def deactivate(self, user: str, reason: str = "") -> None:
        """Shut a person out: keys, sessions and certificates stop working at once."""
        self._api.post(f"{_path(user)}/deactivation", {"reason": reason})

    def activate(self, user: str) -> None:
        """Let a deactivated person in again; they ask for new certificates."""
        self._api.post(f"{_path(user)}/activation", {})

    def grant_administrator(self, user: str) -> None:
        """Let a person administer the platform."""
        self._api.put(f"{_path(user)}/administrator", {})

    def withdraw_administrator(self, user: str) -> None:
        """Take the administrator's right from a person; the last one keeps it (Conflict)."""
        self._api.delete(f"{_path(user)}/administrator")

    def describe(self, user: str, full_name: str | None = None, email: str | None = None) -> None:
        """Say what a person is called and how they are reached, oneself or as an administrator; None for nothing."""
        self._api.put(f"{_path(user)}/profile", {"full_name": full_name, "email": email})

    def erase(self, user: str, password: str | None = None, code: str | None = None) -> None:
        """Erase oneself, or as an administrator somebody who is shut out (else Conflict); it never comes back.

        For oneself the password has to be shown, if there is one, with a one-time code where they are used.
        """
        self._api.post(f"{_path(user)}/erasure", {"confirm": user, "password": password, "code": code})

    def reset_password(self, user: str) -> str:
        """A temporary password, which counts for a day and only to choose another; the person's sessions end."""
        password: str = self._api.post(f"{_path(user)}/password-reset", {}).body["password"]
        return password

    def unlock_password(self, user: str) -> None:
        """Lift the lock that too many wrong passwords brought about."""
        self._api.delete(f"{_path(user)}/password-lock")

    def remove_totp(self, user: str) -> None:
        """Let the password alone sign a person in, who has lost app and recovery codes."""
        self._api.delete(f"{_path(user)}/totp")


def register(user: str, host: str | None = None, password: str | None = None) -> None:
    """Ask to become a user, without a credential; an administrator decides. Raises HeadraceError."""
    with unsigned(host) as api:
        api.post("/api/registrations", {"user": user, "password": password})


def _path(user: str) -> str:
    return f"/api/users/{quote(user, safe='')}"
