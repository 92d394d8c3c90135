"""In a project, as a member whose certificate opens its topics."""

from __future__ import annotations

import headrace
from headrace_cli.signing_in import signed_in


def member_of(project: str, user: str | None = None) -> headrace.Project:
    """The project, as that user, else as oneself; an administrator who is no member acts as its first owner.

    Only members have certificates. Raises HeadraceError.
    """
    platform = signed_in(user)
    if user is None and project not in {row["project"] for row in platform.api.get("/api/whoami")["projects"]}:
        owner = str(platform.api.get(f"/api/projects/{project}")["owner"])
        platform.close()
        platform = signed_in(owner)
    return platform.get_project(project)
