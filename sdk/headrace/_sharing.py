"""What projects let one another read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from headrace._errors import Conflict
from headrace._http import Api

What = Literal["topic", "feature_group", "feature_store"]
Step = Literal["accept", "decline", "revoke"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Something of `project` that `receiver` may read once `phase` is accepted, until it is declined or revoked.

    `open` says what holds at the brokers. `topics` are the topics it opens now; those that were deleted are none.
    """

    id: str
    project: str
    receiver: str
    what: What
    name: str
    version: int | None
    phase: Literal["offered", "accepted", "declined", "revoked"]
    open: bool
    topics: tuple[str, ...]
    _api: SharesApi = field(repr=False, compare=False)

    def accept(self) -> Share:
        """Take it, and return when all members of the receiving project can read; for its Data Owners."""
        return self._api.accept(self.id)

    def decline(self) -> Share:
        """Refuse it or give it back, and return when nobody can read any more; for the receiver's Data Owners."""
        return self._api.decline(self.id)

    def revoke(self) -> Share:
        """Take it back, and return when nobody can read any more; for Data Owners of the project that shares."""
        return self._api.revoke(self.id)


class SharesApi:
    """What the project lets others read, and what it may read of theirs. Every share is read-only, without a copy."""

    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._project = project
        self._path = f"/api/projects/{project}/shares"

    def offer(self, receiver: str, what: What, name: str = "", version: int | None = None) -> Share:
        """Offer another project to read a topic (by full name), a version of a feature group, or the whole store.

        Nothing can be read before it accepts. For Data Owners.

        Raises:
            NotFound: there is no such thing.
            Conflict: it is offered or accepted already, or that project takes no offers.
            HeadraceError: and whatever else stands against it.
        """
        body = {"receiver": receiver, "what": what, "name": name, "version": version}
        return self.get_share(str(self._api.post(self._path, body).body["share"]))

    def get_shares(self) -> list[Share]:
        """What is given and what is received, the ended ones too, by id."""
        return [self._share(row) for row in self._api.get(self._path)]

    def get_share(self, share: str) -> Share:
        """The share of that id; raises NotFound."""
        return self._share(self._api.get(self._at(share)))

    def accept(self, share: str) -> Share:
        """Take what was offered, and return when all members can read; for Data Owners. Raises HeadraceError."""
        return self._step(share, "accept")

    def decline(self, share: str) -> Share:
        """Refuse or give back, and return when no member can read any more; for Data Owners. Raises HeadraceError."""
        return self._step(share, "decline")

    def revoke(self, share: str) -> Share:
        """Take back, and return when nobody can read any more; for Data Owners. Raises HeadraceError."""
        return self._step(share, "revoke")

    def _step(self, share: str, step: Step) -> Share:
        accepted = self._api.post(f"{self._at(share)}/{step}", {})
        wanted = step == "accept"

        def holds(row: Mapping[str, Any]) -> Share | None:
            if wanted and row["phase"] != "accepted":
                raise Conflict(f"share {share!r} is {row['phase']} meanwhile", code="share-moved-on")
            if wanted and row["rests"]:
                raise Conflict(
                    f"share {share!r} is accepted and rests: {row['project']!r} or {row['receiver']!r} is sensitive",
                    code="project-sensitive",
                )
            return self._share(row) if row["settled"] and row["open"] is wanted else None

        what = f"the brokers to {'open' if wanted else 'close'} to share {share!r}"
        return self._api.wait_until(accepted.status_url or self._at(share), holds, what)

    def _at(self, share: str) -> str:
        return f"{self._path}/{quote(share, safe='')}"

    def _share(self, row: Mapping[str, Any]) -> Share:
        return Share(
            id=row["share"],
            project=row["project"],
            receiver=row["receiver"],
            what=row["what"],
            name=row["name"],
            version=row["group_version"],
            phase=row["phase"],
            open=row["open"],
            topics=tuple(row["topics"]),
            _api=self,
        )
