"""What the events of all projects and of the platform ask for, folded: pure, so that a restart comes to the same."""

from dataclasses import dataclass, field
from heapq import nsmallest

from headrace_events.authority import AuthorityRetired
from headrace_events.envelope import Recorded
from headrace_events.project import (
    ProjectArchived,
    ProjectClosing,
    ProjectDeleted,
    ProjectMarkedSensitive,
    ProjectReady,
    ProjectRequested,
    ProjectUnarchived,
    ProjectUnmarkedSensitive,
)
from headrace_events.quota import QuotaChanged
from headrace_events.revocation_list import RevocationListPublished
from headrace_processors.provisioning.revocations import Revocations
from headrace_processors.provisioning.rotation import WantedAuthorities
from headrace_processors.provisioning.sharing import Sharing
from headrace_processors.provisioning.shut import Shut
from headrace_processors.provisioning.wanted_project import PendingCertificate, WantedProject

_OF_PROJECTS = (
    ProjectReady
    | ProjectArchived
    | ProjectUnarchived
    | ProjectMarkedSensitive
    | ProjectUnmarkedSensitive
    | ProjectClosing
)
"""What the platform's topic says of a project that was requested."""


@dataclass(slots=True)
class Wanted:
    """All projects."""

    projects: dict[str, WantedProject] = field(default_factory=dict)
    shut: Shut = field(default_factory=Shut)
    sharing: Sharing = field(default_factory=Sharing)
    revocations: Revocations = field(default_factory=Revocations)
    authorities: WantedAuthorities = field(default_factory=WantedAuthorities)

    def next_certificates(self, most: int) -> list[tuple[WantedProject, PendingCertificate]]:
        """Those that were waited for longest, that many at most, and the project of each."""
        waiting = [
            (project, pending)
            for project in self.projects.values()
            if project.closing_at is None
            for pending in project.certificates.values()
        ]
        return nsmallest(most, waiting, key=lambda one: one[1].time)

    def apply(self, recorded: Recorded) -> None:
        """Fold one event of the platform or of a project."""
        for receiver in self.sharing.apply(recorded) & self.projects.keys():
            self.projects[receiver].rules_changed = True
        self.authorities.apply(recorded)
        if isinstance(recorded.event, AuthorityRetired):
            self.revocations.retire(recorded.event.authority)
        if self.shut.apply(recorded):
            for project in self.projects.values():
                project.rules_changed = True
        elif isinstance(recorded.event, ProjectRequested):
            name = recorded.event.project
            self.projects[name] = WantedProject(name, recorded.at, self.shut, self.sharing, self.revocations)
        elif isinstance(recorded.event, _OF_PROJECTS):
            self.projects[recorded.event.project].apply(recorded)
        elif isinstance(recorded.event, QuotaChanged):
            if (limited := self.projects.get(recorded.event.project)) is not None:
                limited.apply(recorded)
        elif isinstance(recorded.event, RevocationListPublished):
            self.revocations.published(recorded.event)
        elif isinstance(recorded.event, ProjectDeleted):
            self.projects.pop(recorded.event.project, None)
        elif recorded.project is not None:
            self.projects[recorded.project].apply(recorded)
