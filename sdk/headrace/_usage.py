"""Quotas of a project, and how much of them is in use."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from headrace._http import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of a quota is in use, of how much; print it to read it.

    `used` is None of what only the brokers measure, `limit` None where there is none; `default` is the platform's.
    `keeper` is who keeps the project within it: commands, uploads, brokers or nobody.
    """

    quota: str
    used: int | None
    limit: int | None
    default: int | None
    counts: str
    keeper: str

    def __str__(self) -> str:
        what = self.quota.replace("-", " ")
        if self.used is None:
            return f"{what}: no limit" if self.limit is None else f"{what}: at most {self.limit:,}"
        return f"{self.used:,} {'' if self.limit is None else f'of {self.limit:,} '}{what} in use"


def usage(api: Api, project: str) -> list[Usage]:
    """Every quota of the project."""
    return [Usage(**row) for row in api.get(f"/api/projects/{quote(project, safe='')}/usage")]


def set_quota(api: Api, project: str, name: str, limit: int | None) -> None:
    """Let the project have that much of it; without a limit, what the platform's table says."""
    path = f"/api/projects/{quote(project, safe='')}/quotas/{quote(name, safe='')}"
    if limit is None:
        api.delete(path)
    else:
        api.put(path, {"limit": limit})
