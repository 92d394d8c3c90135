"""Roles in a project, and the rights that a command asks for."""

from enum import StrEnum


class Role(StrEnum):
    """What a member is in one project; the owner's rights include the scientist's."""

    DATA_OWNER = "data-owner"
    DATA_SCIENTIST = "data-scientist"


class Right(StrEnum):
    """Who may send a command."""

    NOBODY_YET = "nobody-yet"  # accepted without a credential, and only while there is no administrator
    ANYBODY = "anybody"  # accepted without a credential
    ADMINISTRATOR = "administrator"
    ANY_USER = "any-user"
    OWNER = "owner"
    OWNER_OR_ADMINISTRATOR = "owner-or-administrator"
    MEMBER = "member"
    MEMBER_OR_ADMINISTRATOR = "member-or-administrator"
    SYSTEM = "system"


def holds(right: Right, *, administrator: bool, role: Role | None) -> bool:
    """Whether an active user who is that, and has that role in the project concerned, has the right."""
    match right:
        case Right.ANYBODY | Right.ANY_USER:
            return True
        case Right.ADMINISTRATOR:
            return administrator
        case Right.OWNER:
            return role is Role.DATA_OWNER
        case Right.OWNER_OR_ADMINISTRATOR:
            return administrator or role is Role.DATA_OWNER
        case Right.MEMBER:
            return role is not None
        case Right.MEMBER_OR_ADMINISTRATOR:
            return administrator or role is not None
        case Right.NOBODY_YET | Right.SYSTEM:
            return False
