"""Who plays: an administrator, the owner and the scientist of `flights`, and a rival with a project of their own."""

from dataclasses import dataclass

import headrace
from headrace import Platform, Project

OWNER, SCIENTIST, RIVAL = "ada", "grace", "eve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The same projects as each of them sees it."""

    administrator: Platform
    owner: Project
    scientist: Project
    rival: Project
    keys: dict[str, str]

    @property
    def name(self) -> str:
        """What the flights project is called in this run."""
        return self.owner.name


def free_names(administrator: Platform) -> tuple[str, str]:
    """`flights` and `rival`, with the first number that neither was ever called with."""
    taken = {row["project"] for row in administrator.get_projects()}
    number = 1
    while {_numbered("flights", number), _numbered("rival", number)} & taken:
        number += 1
    return _numbered("flights", number), _numbered("rival", number)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def gather(administrator: Platform) -> Cast:
    """Make the people (once) and the projects (each run), and sign everybody in with a key of their own."""
    known = {row["user"] for row in administrator.get_users()}
    for user in (OWNER, SCIENTIST, RIVAL):
        if user not in known:
            administrator.create_user(user)
    flights, rival = free_names(administrator)
    administrator.create_project(flights, "Flights from New York, 2013", owner=OWNER)
    administrator.create_project(rival, "Somebody else's", owner=RIVAL)
    keys = {
        user: administrator.issue_key(user, project=project, hours=24).key
        for user, project in ((OWNER, flights), (SCIENTIST, flights), (RIVAL, rival))
    }
    owner = headrace.login(administrator.url, keys[OWNER], flights)
    owner.add_member(SCIENTIST, "data-scientist")
    return Cast(
        administrator=administrator,
        owner=owner,
        scientist=headrace.login(administrator.url, keys[SCIENTIST], flights),
        rival=headrace.login(administrator.url, keys[RIVAL], rival),
        keys=keys,
    )
