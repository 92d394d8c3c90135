"""The catalogue after a project has been deleted."""

from __future__ import annotations

from tests.integration.clients import eventually
from tests.integration.platform import Platform
from tests.integration.projections.catalogue.conftest import Catalogue

from headrace_events.project import DeleteProject, ProjectDeleted


def until_deleted(platform: Platform, project: str) -> None:
    """Return when the log says that nothing is left."""

    def deleted() -> bool | None:
        events = [recorded.event for recorded in platform.events()]
        return True if ProjectDeleted(project=project) in events else None

    eventually(deleted, f"{project} to be deleted", 60)


def test_a_catalogue_rebuilt_after_a_deletion_equals_the_live_one(platform: Platform, catalogue: Catalogue) -> None:
    gone, kept = platform.project(), platform.project()
    catalogue.catch_up()
    with catalogue.following():
        platform.send(DeleteProject(project=gone), "user:ada")
        until_deleted(platform, gone)
        catalogue.until("SELECT 1 FROM catalogue.projects WHERE project = %s AND phase = 'deleted'", gone)
        outcome = catalogue.rebuild().rebuild(verify=True)
    assert outcome.equal, outcome.differences
    assert catalogue.ask("SELECT 1 FROM catalogue.members WHERE project = %s", gone) == []
    assert catalogue.ask("SELECT DISTINCT 1 FROM catalogue.members WHERE project = %s", kept) == [(1,)]
    with catalogue.session() as session:
        while not session.progress.at_end:
            session.step()
