"""What is sent about members."""

from typing import Literal

from pydantic import Field

from headrace_api.body import Body, Name
from headrace_events.roles import Role

RoleName = Literal["data-owner", "data-scientist"]


class NewRole(Body):
    """A role in the project."""

    role: RoleName = Field(description="the owner's rights include the scientist's")

    def as_role(self) -> Role:
        """The role."""
        return Role(self.role)


class NewMember(NewRole):
    """A person who joins."""

    user: Name
