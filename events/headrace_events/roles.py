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
