"""One's own account: signing in and out with a password, one-time codes, sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from headrace._browser import WAIT_S, Show, through_browser
from headrace._errors import Unreachable
from headrace._http import Api
from headrace._settings import SavedSession, address, saved_session


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session; `token` is used like an API key, until it ends or is idle (microseconds UTC)."""

    host: str
    user: str
    session_id: str
    token: str = field(repr=False)
    idle_until: int
    ends: int

    def saved(self) -> SavedSession:
        """What later programs need of it."""
        return SavedSession(host=self.host, user=self.user, token=self.token)


def sign_in(
    user: str,
    password: str,
    *,
    code: str | None = None,
    new_password: str | None = None,
    host: str | None = None,
    directory: bool = False,
) -> Session:
    """Begin a session with a password, and a one-time or recovery code where the person uses them.

    With `directory`, name and password are those of the organisation's directory (LDAP).

    Raises:
        NotSignedIn: password or code is wrong (`wrong-password`, `wrong-code`), or there is no code (`code-required`).
        Forbidden: a temporary password needs `new_password` beside it (`password-must-change`).
        Conflict: there were too many wrong tries (`password-locked`), or the person is not active.
        Forbidden: nobody here is that person of the directory: `registered`, `unknown-identity`, `name-taken`.
    """
    with unsigned(host) as api:
        if directory:
            there = {"user": user, "password": password, "code": code}
            return _session(api.url, api.post("/api/ldap/sessions", there).body)
        body = {"user": user, "password": password, "code": code, "new_password": new_password}
        return _session(api.url, api.post("/api/sessions", body).body)


def sign_in_with_browser(*, host: str | None = None, show: Show | None = None, seconds: float = WAIT_S) -> Session:
    """Begin a session by single sign-on, in a browser on this machine.

    Args:
        host: address of the API, as with `sign_in`.
        show: is given the address to open; else it is opened in this machine's browser.
        seconds: how long somebody may take.

    Raises:
        NotSignedIn: the provider let nobody in.
        Forbidden: nobody here is known by that identity: `registered`, `unknown-identity`, `name-taken`.
        NotFound: this platform has no provider (`no-single-sign-on`).
        Failed: the browser brought no answer in time.
        Conflict: the person is not active.
    """
    with unsigned(host) as api:
        api.get("/api/oidc")
        return _session(api.url, api.post("/api/oidc/sessions", through_browser(api.url, show, seconds).body).body)


def _session(host: str, told: Mapping[str, Any]) -> Session:
    names = ("user", "session_id", "token", "idle_until", "ends")
    return Session(host=host, **{name: told[name] for name in names})


def unsigned(host: str | None) -> Api:
    """The API without a credential; raises Unreachable where nothing says where it is."""
    saved = saved_session()
    where = address(host) or (saved.host if saved else None)
    if where is None:
        raise Unreachable("no API address: give host=…, or set HEADRACE_API", code="no-address")
    return Api(where, "")


class AccountApi:
    """What a person does about their own account."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def set_password(self, password: str, current: str | None = None, code: str | None = None) -> None:
        """Give oneself a password; the present one has to be shown, if there is one. All other sessions end."""
        self._api.put("/api/password", {"password": password, "current": current, "code": code})

    def enrol_totp(self) -> tuple[str, str]:
        """Begin with one-time codes: the seed (base32), and the `otpauth://` address that an app reads."""
        told = self._api.post("/api/totp", {}).body
        return told["secret"], told["uri"]

    def confirm_totp(self, code: str) -> list[str]:
        """Ask for one-time codes from now on; gives the recovery codes, which are shown only now."""
        codes: list[str] = self._api.post("/api/totp/confirmation", {"code": code}).body["recovery_codes"]
        return codes

    def remove_totp(self, password: str | None, code: str) -> None:
        """Let the password alone sign in again; without one it is None."""
        self._api.post("/api/totp/removal", {"password": password, "code": code})

    def get_sessions(self, user: str | None = None) -> list[dict[str, Any]]:
        """One's own sessions that are on, or as an administrator somebody's."""
        sessions: list[dict[str, Any]] = self._api.get("/api/sessions", user=user)
        return sessions

    def end_session(self, session_id: str = "current") -> None:
        """Sign out; `current` is the session this program came with."""
        self._api.delete(f"/api/sessions/{quote(session_id, safe='')}")

    def link_identity(
        self,
        password: str | None = None,
        code: str | None = None,
        *,
        show: Show | None = None,
        seconds: float = WAIT_S,
    ) -> None:
        """Let whoever signs in with a browser now sign in as oneself; the password has to be shown, if there is one."""
        self._api.get("/api/oidc")
        proof = {"password": password, "one_time_code": code}
        self._api.post("/api/identities", {**through_browser(self._api.url, show, seconds).body, **proof})

    def link_directory(self, name: str, password: str, *, current: str | None = None, code: str | None = None) -> None:
        """Let one's name and password in the directory sign in as oneself; `current` is the password of Headrace."""
        proof = {"current": current, "code": code}
        self._api.post("/api/identities/directory", {"user": name, "password": password, **proof})

    def get_identities(self, user: str | None = None) -> list[dict[str, Any]]:
        """The identities that sign in as oneself, or as an administrator those of somebody."""
        identities: list[dict[str, Any]] = self._api.get("/api/identities", user=user)
        return identities

    def unlink_identity(self, identity: str) -> None:
        """Let an identity sign in no more: one's own, or as an administrator anybody's."""
        self._api.delete(f"/api/identities/{quote(identity, safe='')}")
