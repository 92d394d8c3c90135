"""The authorities that sign certificates; for administrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headrace._http import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One by its number; `state` is coming, signing, believed, going or retired.

    Certificates of the one before it last until `overlaps_until` (microseconds UTC) at the most.
    """

    number: int
    state: str
    overlaps_until: int | None


class AuthoritiesApi:
    """Who signs, and how one authority follows another."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get_authorities(self) -> list[Authority]:
        """All there have been, the newest first."""
        return [_authority(row) for row in self._api.get("/api/authorities")]

    def rotate(self) -> Authority:
        """Let another authority sign, and return it when it does; the one before stays believed until it is retired.

        Raises Conflict while another one still waits for that.
        """
        accepted = self._api.post("/api/authorities", {})
        newest = self.get_authorities()[0].number
        return self._api.wait_until(accepted.status_url or "", _is(newest, "signing"), f"authority {newest} to sign")

    def retire(self, number: int, *, force: bool = False) -> Authority:
        """Let nobody believe the older authority, and return when the brokers do not.

        Raises Conflict while certificates of it count, unless forced; they are cut off then.
        """
        accepted = self._api.delete(f"/api/authorities/{number}{'?force=true' if force else ''}")
        return self._api.wait_until(accepted.status_url or "", _is(number, "retired"), f"authority {number} to go")


def _is(number: int, state: str) -> Callable[[list[Mapping[str, Any]]], Authority | None]:
    def find(rows: list[Mapping[str, Any]]) -> Authority | None:
        found = (_authority(row) for row in rows if (row["authority"], row["state"]) == (number, state))
        return next(found, None)

    return find


def _authority(row: Mapping[str, Any]) -> Authority:
    return Authority(number=row["authority"], state=row["state"], overlaps_until=row["overlaps_until"])
