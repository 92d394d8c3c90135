"""Members of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from headrace._http import Api

Role = Literal["data-owner", "data-scientist"]


def role_of(text: str) -> str:
    """The role as the API names it; `Data owner`, `DATA_SCIENTIST` and such are understood."""
    return text.strip().lower().replace(" ", "-").replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectMember:
    """Somebody who belongs to a project; `full_name` is `erased` of whom nothing but the name is known any more."""

    user: str
    role: str
    full_name: str | None = None
    _api: MembersApi = field(repr=False)

    def update_role(self, role: str) -> None:
        """Give them another role; for Data Owners."""
        self._api.update_role(self.user, role)

    def remove(self) -> None:
        """End the membership; for Data Owners."""
        self._api.remove_member(self.user)


class MembersApi:
    """Who belongs to the project, and as what."""

    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._path = f"/api/projects/{project}/members"

    def get_members(self) -> list[ProjectMember]:
        """The members, by name."""
        return [
            ProjectMember(user=row["user"], role=row["role"], full_name=row["full_name"], _api=self)
            for row in self._api.get(self._path)
        ]

    def add_member(self, user: str, role: str) -> ProjectMember:
        """Give a person a role, `data-owner` or `data-scientist`, and return when they can sign in. For Data Owners."""
        self._api.post(self._path, {"user": user, "role": role_of(role)})
        self._api.get(f"{self._path}/{quote(user, safe='')}")
        return ProjectMember(user=user, role=role_of(role), _api=self)

    def add_members(self, roles: Mapping[str, str]) -> list[ProjectMember]:
        """Give several people their roles, one after the other."""
        return [self.add_member(user, role) for user, role in roles.items()]

    def update_role(self, user: str, role: str) -> None:
        """Give a member another role."""
        self._api.put(f"{self._path}/{quote(user, safe='')}", {"role": role_of(role)})

    def remove_member(self, user: str) -> None:
        """End a membership; the broker closes to the member's certificates at once."""
        self._api.delete(f"{self._path}/{quote(user, safe='')}")
