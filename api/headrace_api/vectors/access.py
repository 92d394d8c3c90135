"""Who may read vectors: the catalogue's answer, kept for a second, for it is asked at every request."""

import time
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from headrace_api.authentication import Caller
from headrace_api.context import Context, Here
from headrace_api.errors import Missing
from headrace_api.reading import ProjectPath, data_stays_inside
from headrace_events.access import Access, may
from headrace_events.scopes import Scope
from headrace_projections.catalogue.queries.access import access_of
from headrace_projections.online.queries import OnlineReader
from headrace_projections.online.ready_vectors import ReadyVectors
from headrace_projections.online.view_vectors import ViewReader

KEPT_S = 1.0
_MOST = 10_000


@dataclass(slots=True)
class Vectors:
    """Readers over the pool, and who was lately found to be a member of what."""

    context: Context
    groups: OnlineReader
    views: ViewReader
    helpers: ViewReader
    ready: ReadyVectors
    _until: dict[tuple[str, str], float] = field(default_factory=dict)

    async def must_get_values(self, project: str, user: str) -> None:
        """Raise Missing for who may not see the project, NotAllowed for who may take none of its data away."""
        now = time.monotonic()
        if self._until.get((project, user), 0.0) > now:
            return
        access = await access_of(self.context.pool, project, user)
        if not access.exists or not may(Access.PROJECT, administrator=access.administrator, role=access.role):
            raise Missing("project", project)
        if not may(
            Access.PROJECT_DATA, administrator=access.administrator, role=access.role, sensitive=access.sensitive
        ):
            raise data_stays_inside(project)
        if len(self._until) >= _MOST:
            self._until.clear()
        self._until[project, user] = now + KEPT_S


async def _vectors(request: Request, project: ProjectPath, context: Here, caller: Caller) -> Vectors:
    caller.must_have(Scope.READ)
    vectors: Vectors | None = getattr(request.app.state, "vectors", None)
    if vectors is None or vectors.context is not context:
        reader = OnlineReader(context.pool)
        views, helpers = ViewReader(reader), ViewReader(reader, helpers=True)
        ready = ReadyVectors(context.pool, views)
        vectors = request.app.state.vectors = Vectors(
            context=context, groups=reader, views=views, helpers=helpers, ready=ready
        )
    await vectors.must_get_values(project, caller.user)
    return vectors


Online = Annotated[Vectors, Depends(_vectors)]
"""The readers, for a member of the project in the path; who may not see it gets `project-not-found`."""
