"""The life of a project: Requested, Ready once its topics and access rules hold, perhaps Archived, Closing, Deleted."""

from dataclasses import replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, Forbidden, NotFound, NotReady
from headrace_events.ids import project_name
from headrace_events.language import Command, Event
from headrace_events.member import MemberAdded
from headrace_events.project import (
    ArchiveProject,
    CreateProject,
    DeleteProject,
    DescribeProject,
    MarkDeleted,
    MarkReady,
    MarkSensitive,
    Project,
    ProjectArchived,
    ProjectClosing,
    ProjectDeleted,
    ProjectDescribed,
    ProjectMarkedSensitive,
    ProjectReady,
    ProjectRequested,
    ProjectUnarchived,
    ProjectUnmarkedSensitive,
    UnarchiveProject,
    UnmarkSensitive,
    must_take_commands,
    phase_of,
)
from headrace_events.roles import Role
from headrace_events.storage_connector import forgotten
from headrace_events.topic import TopicOpened
from headrace_events.user import may_act_for, must_be_active


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
            if phase_of(state, project) == "archived":
                return []
            must_take_commands(project, known)
            return [ProjectArchived(project=project)]
        case UnarchiveProject(project=project):
            if phase_of(state, project) == "archived":
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
            match phase_of(state, project):
                case "requested":
                    raise NotReady("project", project, "requested")
                case "closing":
                    return []
                case "deleted":
                    raise NotFound("project", project)
            return [ProjectClosing(project=project), *forgotten(project, known)]
        case MarkDeleted(project=project):
            if (phase := phase_of(state, project)) != "closing":
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
