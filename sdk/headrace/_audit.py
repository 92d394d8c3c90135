"""The audit trail: who did, tried or was refused what, when, from where, because of which command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict
from urllib.parse import urlencode

from headrace._http import Api

_PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A line of the trail; `count` says how many alike it stands for.

    `act` is `<kind>.<verb>`, as in `feature_group.create`; `outcome` is accepted or refused, then with a `code`.
    `erased` says that the actor was erased; the address shows as `erased` then.
    """

    time: datetime
    actor: str
    act: str
    outcome: str
    code: str
    message: str
    project: str | None
    subject: str
    address: str | None
    erased: bool
    command_id: str | None
    count: int
    details: Mapping[str, str]


class AuditFilters(TypedDict, total=False):
    """Which lines: those that fit everything that is given. `since` is in, `until` is not; without a zone it is UTC."""

    user: str | None
    kind: str | None
    refused: bool
    command: str | None
    since: datetime | None
    until: datetime | None


def entries(api: Api, path: str, limit: int, filters: AuditFilters, **place: str | None) -> list[AuditEntry]:
    """The last `limit` lines, the last first; raises HeadraceError."""
    found: list[AuditEntry] = []
    cursor: int | None = None
    while len(found) < limit:
        page = api.get(path, **_query(filters, place), cursor=cursor, limit=min(limit - len(found), _PAGE))
        found += [_entry(row) for row in page["acts"]]
        cursor = page["next"]
        if cursor is None:
            break
    return found


def lines(api: Api, path: str, filters: AuditFilters, **place: str | None) -> Iterator[bytes]:
    """All lines as JSON, the first first, in parts; raises HeadraceError."""
    return api.download(f"{path}/export?{urlencode(_query(filters, place))}")


def _query(filters: AuditFilters, place: Mapping[str, str | None]) -> dict[str, str]:
    given = {
        "user": filters.get("user"),
        "kind": filters.get("kind"),
        "outcome": "refused" if filters.get("refused") else None,
        "command": filters.get("command"),
        "from": _iso(filters.get("since")),
        "to": _iso(filters.get("until")),
        **place,
    }
    return {name: value for name, value in given.items() if value is not None}


def _entry(row: Mapping[str, Any]) -> AuditEntry:
    given = {name: row[name] for name in AuditEntry.__slots__}
    return AuditEntry(**{**given, "time": datetime.fromisoformat(row["time"])})


def _iso(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).isoformat()
