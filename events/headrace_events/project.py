"""Projects: what can be asked of them, what happens to them, and whether they take commands now."""

from headrace_events.aggregates import Known
from headrace_events.errors import Archived, NotFound, NotReady
from headrace_events.language import Command, Event, Home, command, event, value
from headrace_events.topic import OpenedTopic


@command("project.create")
class CreateProject(Command):
    """Ask for a project; its first Data Owner is named here."""

    project: str
    owner: str
    description: str = ""
    sensitive: bool = False

    @property
    def key(self) -> str:
        return self.project


@command("project.describe")
class DescribeProject(Command):
    """Say in a few words what the project is for."""

    project: str
    description: str

    @property
    def key(self) -> str:
        return self.project


@command("project.mark_ready")
class MarkReady(Command):
    """Provisioning says: topics and access rules of the project hold on every broker."""

    project: str
    topics: tuple[OpenedTopic, ...]

    @property
    def key(self) -> str:
        return self.project


@command("project.archive")
class ArchiveProject(Command):
    """Put the project away: it is read as before, and nothing in it is changed."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@command("project.unarchive")
class UnarchiveProject(Command):
    """Take the project up again."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@command("project.mark_sensitive")
class MarkSensitive(Command):
    """Keep the project's data inside: Data Scientists use it in runs on the platform, and take none of it away."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@command("project.unmark_sensitive")
class UnmarkSensitive(Command):
    """Let the project's data out to all its members again."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@command("project.delete")
class DeleteProject(Command):
    """Take the project away with all that is in it; its name stays taken."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@command("project.mark_deleted")
class MarkDeleted(Command):
    """Provisioning says: nothing of the project is left on the brokers and in the stores."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@event("project.requested", Home.PLATFORM)
class ProjectRequested(Event):
    """The name is taken for ever; provisioning begins."""

    project: str
    owner: str
    description: str = ""

    @property
    def key(self) -> str:
        return self.project


@event("project.described", Home.PLATFORM)
class ProjectDescribed(Event):
    """The project's description is another."""

    project: str
    description: str

    @property
    def key(self) -> str:
        return self.project


@event("project.ready", Home.PLATFORM)
class ProjectReady(Event):
    """The project takes commands, and its topics take records."""

    project: str
    topics: tuple[OpenedTopic, ...]

    @property
    def key(self) -> str:
        return self.project


@event("project.archived", Home.PLATFORM)
class ProjectArchived(Event):
    """The project takes no command of a member but for certificates, its certificates only read, nothing is served."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@event("project.unarchived", Home.PLATFORM)
class ProjectUnarchived(Event):
    """The project is as it was before it was archived."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@event("project.marked_sensitive", Home.PLATFORM)
class ProjectMarkedSensitive(Event):
    """Data leaves the project through Data Owners only, and comes from no other project; its shares rest."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@event("project.unmarked_sensitive", Home.PLATFORM)
class ProjectUnmarkedSensitive(Event):
    """Members read and write what their role does in any project; shares that rested are as before."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@event("project.closing", Home.PLATFORM)
class ProjectClosing(Event):
    """The project takes no command any more and its topic no event; whoever follows it lets go and forgets it."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@event("project.deleted", Home.PLATFORM)
class ProjectDeleted(Event):
    """Nothing is left of the project but its name, and who made and deleted it when."""

    project: str

    @property
    def key(self) -> str:
        return self.project


@value
class Project:
    """Where a project is in its life: requested, ready, archived, closing or deleted."""

    phase: str
    owner: str
    description: str = ""
    sensitive: bool = False


def phase_of(state: Project | None, name: str) -> str:
    """Where the project is; raises NotFound."""
    if state is None:
        raise NotFound("project", name)
    return state.phase


def must_take_commands(name: str, known: Known) -> None:
    """Raise NotFound, NotReady or Archived unless members may change the project now."""
    match phase_of(known.state(Project, None, name), name):
        case "ready":
            return
        case "archived":
            raise Archived(name)
        case phase:
            raise NotReady("project", name, phase)


def is_sensitive(name: str, known: Known) -> bool:
    """Whether the project's data has to stay inside."""
    found = known.state(Project, None, name)
    return found is not None and found.sensitive
