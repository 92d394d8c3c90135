"""The platform, signed in to as a person: users, projects and keys."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, Unpack
from urllib.parse import quote

from headrace import _audit as audit
from headrace._account import AccountApi
from headrace._audit import AuditEntry, AuditFilters
from headrace._authorities import AuthoritiesApi
from headrace._certificate_list import CertificatesApi
from headrace._http import Api
from headrace._project import Project
from headrace._search import SearchResults, search
from headrace._settings import Settings
from headrace._tag_schemas import TagSchemasApi
from headrace._usage import set_quota
from headrace._users import UsersApi


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A new API key; `key` is what signs in, and is shown only now. `expires` is microseconds UTC."""

    key_id: str
    key: str = field(repr=False)
    user: str
    project: str | None
    expires: int | None
    scopes: tuple[str, ...] | None = None
    name: str = ""


class Platform:
    """What belongs to no project; most of it is for administrators."""

    def __init__(self, api: Api, user: str, settings: Settings) -> None:
        self.user = user
        self.api = api
        self._settings = settings

    def __repr__(self) -> str:
        return f"Platform({self.api.url!r}, user={self.user!r})"

    @property
    def url(self) -> str:
        """Where the API answers."""
        return self.api.url

    def create_user(self, user: str) -> None:
        """Make a person known; for administrators."""
        self.api.post("/api/users", {"user": user})

    def get_users(self) -> list[dict[str, Any]]:
        """Everybody; for administrators."""
        users: list[dict[str, Any]] = self.api.get("/api/users")
        return users

    def get_users_api(self) -> UsersApi:
        """Everybody, and what administrators decide about them."""
        return UsersApi(self.api)

    def get_certificates_api(self) -> CertificatesApi:
        """Certificates of all projects: everybody's for administrators, else one's own."""
        return CertificatesApi(self.api)

    def get_authorities_api(self) -> AuthoritiesApi:
        """Who signs certificates; for administrators."""
        return AuthoritiesApi(self.api)

    def get_tag_schemas_api(self) -> TagSchemasApi:
        """Which tags there are; administrators make them."""
        return TagSchemasApi(self.api)

    def get_account_api(self) -> AccountApi:
        """One's own password, one-time codes and sessions."""
        return AccountApi(self.api)

    def create_project(
        self, name: str, description: str = "", owner: str | None = None, *, sensitive: bool = False
    ) -> Project:
        """Make a project and return when it is ready. Only an administrator names another owner than themselves.

        The data of a sensitive project stays inside: see Project.mark_sensitive.
        """
        body = {"project": name, "owner": owner or self.user, "description": description, "sensitive": sensitive}
        accepted = self.api.post("/api/projects", body)
        self.api.wait_until(accepted.status_url or "", _ready, f"project {name!r} to be ready")
        return self.get_project(name)

    def delete_project(self, name: str, *, confirm: str) -> None:
        """Delete a project with all that is in it, and return when nothing is left; `confirm` repeats its name.

        For its Data Owners and for administrators. The name stays taken, and nothing brings the project back.
        """
        Project(self.api, name, self.user, self._settings).delete(confirm=confirm)

    def set_quota(self, project: str, quota: str, limit: int | None) -> None:
        """Let the project have that much of it, or with None what the platform's table says; for administrators.

        Project.get_usage shows which quotas there are. A limit below what is in use takes nothing away.
        """
        set_quota(self.api, project, quota, limit)

    def get_projects(self) -> list[dict[str, Any]]:
        """The caller's projects, or for administrators all of them."""
        projects: list[dict[str, Any]] = self.api.get("/api/projects")
        return projects

    def search(
        self, text: str, *, kind: str | Sequence[str] | None = None, size: int = 20, start: int = 0
    ) -> SearchResults:
        """Things of all the caller's projects with all the words of the text."""
        return search(self.api, text, kind=kind, size=size, start=start)

    def get_project(self, name: str) -> Project:
        """The project, as this caller; raises NotFound."""
        self.api.get(f"/api/projects/{name}")
        return Project(self.api, name, self.user, self._settings)

    def issue_key(
        self,
        user: str | None = None,
        *,
        project: str | None = None,
        hours: float | None = None,
        scopes: Sequence[str] | None = None,
        name: str = "",
    ) -> ApiKey:
        """Give oneself a key, or as an administrator anybody.

        It is for one project or all, for some hours or ever, and for these scopes or all that the caller's key has.
        """
        expires = None if hours is None else time.time_ns() // 1000 + round(hours * 3_600_000_000)
        chosen = None if scopes is None else list(scopes)
        body = {"user": user or self.user, "project": project, "expires": expires, "scopes": chosen, "name": name}
        issued = self.api.post("/api/keys", body).body
        told = {name: issued[name] for name in ("key_id", "key", "user", "project", "expires", "name")}
        return ApiKey(**told, scopes=None if issued["scopes"] is None else tuple(issued["scopes"]))

    def get_keys(self, user: str | None = None) -> list[dict[str, Any]]:
        """One's own keys, or as an administrator somebody's: the newest first, with expiry and day of last use."""
        keys: list[dict[str, Any]] = self.api.get("/api/keys", user=user)
        return keys

    def revoke_key(self, key_id: str) -> None:
        """Make a key useless at once."""
        self.api.delete(f"/api/keys/{quote(key_id, safe='')}")

    def audit(
        self, *, project: str | None = None, limit: int = 100, **filters: Unpack[AuditFilters]
    ) -> list[AuditEntry]:
        """Who did, tried or was refused what, the last first; for administrators.

        Filters are `user`, `kind` (of what was done to, as in `feature_group`), `refused` (True: refusals alone),
        `command`, `since` and `until`.
        """
        return audit.entries(self.api, "/api/audit", limit, filters, project=project)

    def export_audit(self, *, project: str | None = None, **filters: Unpack[AuditFilters]) -> Iterator[bytes]:
        """The same as JSON lines, all of them, the first first, in parts of bytes."""
        return audit.lines(self.api, "/api/audit", filters, project=project)

    def close(self) -> None:
        """Let the connections to the API go."""
        self.api.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ready(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return row if row["phase"] == "ready" else None
