"""Reading: only what the caller may see, and not before what the caller has done is in it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query

from headrace_api.authentication import Actor, Caller, PlatformCaller
from headrace_api.context import Context, Here
from headrace_api.errors import ApiError, Missing, NotAllowed, Unprocessable
from headrace_events.access import Access, may
from headrace_events.envelope import Position
from headrace_events.roles import Role
from headrace_events.scopes import Scope
from headrace_projections.catalogue.queries.access import access_of, is_administrator
from headrace_projections.positions import wait_for

SECONDS = 5.0
"""How long a read waits for the positions it names."""

CATALOGUE = "catalogue"

After = Annotated[
    str | None,
    Query(description="positions from the Headrace-Position header: the answer holds at least what happened there"),
]
ProjectPath = Annotated[str, Path(description="the project's name", max_length=200)]


class NotYetVisible(ApiError):
    """Accepted and safe in the log, but not in the tables yet."""

    status = 202

    def __init__(self, after: str) -> None:
        super().__init__(
            "not-yet-visible",
            f"what happened at these positions did not show within {SECONDS:.0f} s: read again",
            {"after": after},
            headers={"Retry-After": "1"},
        )


def positions(text: str) -> list[Position]:
    """The positions in a comma-separated list; raises Unprocessable."""
    try:
        return [Position.parse(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError:
        raise Unprocessable(
            "invalid-positions", "positions are `<topic id>:<partition>:<offset>`, separated by commas", {"after": text}
        ) from None


async def until_visible(context: Context, after: str | None, schema: str = CATALOGUE) -> None:
    """Return when the projection has passed these positions; raises NotYetVisible after SECONDS."""
    if not after:
        return
    if not await wait_for(context.pool, schema, positions(after), SECONDS):
        raise NotYetVisible(after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who may see a project: a member, an administrator, whom it is being made for, who deletes it."""

    context: Context
    actor: Actor
    project: str
    role: Role | None
    administrator: bool
    archived: bool = False
    sensitive: bool = False

    def may(self, access: Access) -> bool:
        """Whether the table of access gives it to them."""
        return may(access, administrator=self.administrator, role=self.role, sensitive=self.sensitive)


async def reader(project: ProjectPath, context: Here, actor: Caller, after: After = None) -> Reader:
    """The caller as a reader of the project; raises Missing, NotYetVisible, or what its key lacks."""
    actor.must_have(Scope.READ)
    await until_visible(context, after)
    access = await access_of(context.pool, project, actor.user)
    found = Reader(
        context=context,
        actor=actor,
        project=project,
        role=access.role,
        administrator=access.administrator,
        archived=access.archived,
        sensitive=access.sensitive,
    )
    if not access.exists or not (access.named or found.may(Access.PROJECT)):
        raise Missing("project", project)
    return found


def data_stays_inside(project: str) -> NotAllowed:
    """What is told to who may see the project, but take none of its data away."""
    return NotAllowed(
        "data-stays-inside",
        f"project {project!r} is sensitive: its data is given to Data Owners only; use it in runs on the platform",
        {"project": project},
    )


async def _data_reader(found: Annotated[Reader, Depends(reader)]) -> Reader:
    if not found.may(Access.PROJECT_DATA):
        raise data_stays_inside(found.project)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformReader:
    """A person who reads what belongs to no project."""

    context: Context
    actor: Actor
    administrator: bool

    def may(self, access: Access) -> bool:
        """Whether the table of access gives it to them; with a key for one project, nothing is theirs but that."""
        return self.actor.limited_to is None and may(access, administrator=self.administrator)

    def must(self, access: Access) -> None:
        """Raise NotAllowed where the table of access does not give it to them."""
        if not self.may(access):
            raise NotAllowed("administrators-only", "only an administrator may read this")


async def _whole_platform_reader(context: Here, actor: PlatformCaller, after: After = None) -> PlatformReader:
    return await _platform_reader(context, actor, after)


async def _platform_reader(context: Here, actor: Caller, after: After = None) -> PlatformReader:
    actor.must_have(Scope.READ)
    await until_visible(context, after)
    return PlatformReader(context=context, actor=actor, administrator=await is_administrator(context.pool, actor.user))


Reading = Annotated[Reader, Depends(reader)]
"""The caller as a reader of the project in the path; who may not see it gets `project-not-found`."""

ReadingData = Annotated[Reader, Depends(_data_reader)]
"""The same, where data is given out: of a sensitive project, who may not take it away gets `data-stays-inside`."""

PlatformReading = Annotated[PlatformReader, Depends(_platform_reader)]
"""The caller as a reader of the platform; a key for one project sees what is of that project."""

WholePlatformReading = Annotated[PlatformReader, Depends(_whole_platform_reader)]
"""The caller as a reader of the platform, whose key is not for one project."""
