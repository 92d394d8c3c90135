"""Who may do what takes no command: reading, and storing a file. The API and the page of permissions read this one."""

from collections.abc import Mapping
from enum import StrEnum

from headrace_events.roles import Right, Role, holds


class Access(StrEnum):
    """One thing that is asked for without a command."""

    HEALTH = "health"
    SHIPPED_SCHEMAS = "shipped-schemas"
    REVOCATIONS = "revocations"
    SIGNING_IN = "signing-in"
    ONESELF = "oneself"
    TAG_SCHEMAS = "tag-schemas"
    PEOPLE = "people"
    PLATFORM = "platform"
    PROJECT = "project"
    PROJECT_DATA = "project-data"
    PROJECT_AUDIT = "project-audit"
    CERTIFICATES = "certificates"
    STORING_FILES = "storing-files"
    CONNECTOR_SECRETS = "connector-secrets"


ACCESS: Mapping[Access, tuple[Right, str]] = {
    Access.HEALTH: (Right.ANYBODY, "whether a process is well, and its figures"),
    Access.SHIPPED_SCHEMAS: (Right.ANYBODY, "the schemas that are part of every copy of Headrace"),
    Access.REVOCATIONS: (Right.ANYBODY, "the authority's certificate, and which certificates it has taken back"),
    Access.SIGNING_IN: (Right.ANYBODY, "begin a session, with the proof that it takes"),
    Access.ONESELF: (Right.ANY_USER, "oneself: one's projects, keys, sessions and certificates"),
    Access.TAG_SCHEMAS: (Right.ANY_USER, "which tags there are, and what their values look like"),
    Access.PEOPLE: (Right.ADMINISTRATOR, "everybody: users, their keys, sessions and certificates"),
    Access.PLATFORM: (Right.ADMINISTRATOR, "the platform's activity, and the whole audit trail"),
    Access.PROJECT: (Right.MEMBER_OR_ADMINISTRATOR, "a project and all that is in it, but for what follows"),
    Access.PROJECT_DATA: (Right.MEMBER_OR_ADMINISTRATOR, "a project's data: rows, values by key, files"),
    Access.PROJECT_AUDIT: (Right.OWNER_OR_ADMINISTRATOR, "a project's audit trail"),
    Access.CERTIFICATES: (Right.OWNER_OR_ADMINISTRATOR, "certificates of other members"),
    Access.STORING_FILES: (Right.MEMBER, "store a file of a project"),
    Access.CONNECTOR_SECRETS: (Right.MEMBER, "what opens a project's external databases, to read features there"),
}
"""What is asked for → the right it asks for, and what it is."""


WHILE_SENSITIVE: Mapping[Access, Right] = {
    Access.PROJECT_DATA: Right.OWNER,
    Access.CONNECTOR_SECRETS: Right.OWNER,
}
"""What is asked for → the right it asks for instead where the project is sensitive: all that gives data out."""


def may(access: Access, *, administrator: bool, role: Role | None = None, sensitive: bool = False) -> bool:
    """Whether a user who is that, and has that role in the project concerned, which may be sensitive, gets it."""
    right, _ = ACCESS[access]
    if sensitive:
        right = WHILE_SENSITIVE.get(access, right)
    return holds(right, administrator=administrator, role=role)
