"""The life of a project: Requested, Ready once its topics and access rules hold, perhaps Archived, Closing, Deleted."""

from dataclasses import replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Archived, Conflict, Forbidden, NotFound, NotReady
from headrace_events.ids import project_name
from headrace_events.language import Command, Event, Home, command, event, value
from headrace_events.member import MemberAdded
from headrace_events.roles import Role
from headrace_events.topic import OpenedTopic, TopicOpened
from headrace_events.user import may_act_for, must_be_active


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


def decide(state: Project | None, wish: Command, known: Known) -> list[Event]:
    """Take each name once; become Ready once; be Archived and back; go through Closing to Deleted, and never back."""
    match wish:
        case CreateProject(project=project, owner=owner):
            if not may_act_for(owner, known):
                raise Forbidden("owner-is-another", "only an administrator creates a project for somebody else")
            if state is not None:
                raise AlreadyExists("project", project)
            must_be_active(owner, known)
            return _requested(wish)
        case DescribeProject(project=project, description=description):
            must_take_commands(project, known)
            if state is not None and state.description == description:
                return []
            return [ProjectDescribed(project=project, description=description)]
        case ArchiveProject(project=project):
            if _phase(state, project) == "archived":
                return []
            must_take_commands(project, known)
            return [ProjectArchived(project=project)]
        case UnarchiveProject(project=project):
            if _phase(state, project) == "archived":
                return [ProjectUnarchived(project=project)]
            must_take_commands(project, known)
            return []
        case MarkSensitive(project=project):
            return [] if _standing(state, project).sensitive else [ProjectMarkedSensitive(project=project)]
        case UnmarkSensitive(project=project):
            return [ProjectUnmarkedSensitive(project=project)] if _standing(state, project).sensitive else []
        case MarkReady(project=project, topics=topics):
            if state is None:
                raise NotFound("project", project)
            if state.phase != "requested":
                raise Conflict("project-is-ready", f"project {project!r} is {state.phase}")
            return [
                ProjectReady(project=project, topics=topics),
                MemberAdded(user=state.owner, role=Role.DATA_OWNER),
                *(TopicOpened.of(topic) for topic in topics),
            ]
        case DeleteProject(project=project):
            match _phase(state, project):
                case "requested":
                    raise NotReady("project", project, "requested")
                case "closing":
                    return []
                case "deleted":
                    raise NotFound("project", project)
            return [ProjectClosing(project=project)]
        case MarkDeleted(project=project):
            if (phase := _phase(state, project)) != "closing":
                raise Conflict("project-not-closing", f"project {project!r} is {phase}")
            return [ProjectDeleted(project=project)]
        case _:
            raise unknown(wish)


def _requested(wish: CreateProject) -> list[Event]:
    """A new project, sensitive from its first moment on where that is asked for."""
    name = project_name(wish.project)
    requested = ProjectRequested(project=name, owner=wish.owner, description=wish.description)
    return [requested, ProjectMarkedSensitive(project=name)] if wish.sensitive else [requested]


def _standing(state: Project | None, name: str) -> Project:
    """The project while it is neither being made nor taken away; raises NotFound, NotReady."""
    if state is None:
        raise NotFound("project", name)
    if state.phase not in {"ready", "archived"}:
        raise NotReady("project", name, state.phase)
    return state


def _phase(state: Project | None, name: str) -> str:
    if state is None:
        raise NotFound("project", name)
    return state.phase


def must_take_commands(name: str, known: Known) -> None:
    """Raise NotFound, NotReady or Archived unless members may change the project now."""
    match _phase(known.state(Project, None, name), name):
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


def evolve(state: Project | None, fact: Event) -> Project:
    """Fold one event."""
    match fact:
        case ProjectRequested(owner=owner, description=description):
            return Project(phase="requested", owner=owner, description=description)
        case ProjectDescribed(description=description) if state is not None:
            return replace(state, description=description)
        case ProjectArchived() if state is not None:
            return replace(state, phase="archived")
        case ProjectReady() | ProjectUnarchived() if state is not None:
            return replace(state, phase="ready")
        case ProjectMarkedSensitive() | ProjectUnmarkedSensitive() if state is not None:
            return replace(state, sensitive=isinstance(fact, ProjectMarkedSensitive))
        case ProjectClosing() if state is not None:
            return replace(state, phase="closing")
        case ProjectDeleted() if state is not None:
            return replace(state, phase="deleted")
        case _:
            raise unknown(fact)


aggregate("project", Project, decide=decide, evolve=evolve)
