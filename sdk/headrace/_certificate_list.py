"""Certificates of all projects: an administrator sees everybody's, everybody their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from headrace._http import Api

_PAGE = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """An issued certificate; `state` is valid, expires-soon, superseded, authority-retired, revoked or expired.

    `role` is what its person is in the project now, None if nothing. `reason` says why it was revoked: revoked,
    superseded, member-removed, person-deactivated or run-ended. A worker's says for which rung of which run
    (`<study>/<trial>`) it is, and `user` is who asked for that study.
    """

    project: str
    user: str
    role: str | None
    generation: int
    serial: str
    not_before: datetime
    not_after: datetime
    state: str
    reason: str | None
    run: str | None = None
    rung: int | None = None


class CertificatesApi:
    """Whose certificate is how, and the end of one."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get_certificates(
        self, *, project: str | None = None, user: str | None = None, state: str | None = None
    ) -> list[Certificate]:
        """Those that fit everything that is given, the last to expire first; one's own for who is no administrator."""
        found: list[Certificate] = []
        cursor: str | None = None
        while True:
            page = self._api.get(
                "/api/certificates", project=project, user=user, state=state, cursor=cursor, limit=_PAGE
            )
            found += [_certificate(row) for row in page["certificates"]]
            cursor = page["next"]
            if cursor is None:
                return found

    def revoke(self, project: str, user: str, generation: int) -> None:
        """Close the brokers to one certificate for ever; for Data Owners of its project and administrators."""
        self._api.delete(f"/api/projects/{quote(project, safe='')}/certificates/{quote(user, safe='')}/{generation}")

    def get_revocation_list(self) -> str:
        """What was taken back, signed (X.509 CRL), as PEM; raises NotFound while there is no list."""
        return b"".join(self._api.download("/api/certificates/revoked.pem")).decode()

    def get_authorities(self) -> str:
        """The certificate of whoever signs members' certificates, as PEM."""
        return b"".join(self._api.download("/api/certificates/authorities.pem")).decode()


def _certificate(row: Mapping[str, Any]) -> Certificate:
    return Certificate(
        project=row["project"],
        user=row["user"],
        role=row["role"],
        generation=row["generation"],
        serial=row["serial"],
        not_before=_EPOCH + timedelta(microseconds=row["begins"]),
        not_after=_EPOCH + timedelta(microseconds=row["expires"]),
        state=row["state"],
        reason=row["reason"],
        run=row["run"],
        rung=row["rung"],
    )
