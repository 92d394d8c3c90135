"""Projects, what is written about them, their members and topics."""

from headrace_events.member import MemberAdded, MemberRemoved, MemberRoleChanged
from headrace_events.project import ProjectArchived, ProjectDescribed, ProjectReady, ProjectRequested, ProjectUnarchived
from headrace_events.readme import ReadmeWritten
from headrace_events.topic import TopicClosed, TopicGranted, TopicOpened, TopicRequested
from headrace_projections.lineage.node import Node, NodeKind, person, topic
from headrace_projections.search.document import Document
from headrace_projections.search.kinds import Kind
from headrace_projections.search.telling import Telling, on


@on(ProjectRequested)
def project_requested(told: Telling[ProjectRequested]) -> list[Document]:
    """A project begins."""
    event = told.event
    thing = Node(NodeKind.PROJECT, event.project)
    return [
        told.new(thing, event.project, description=event.description, people=(event.owner,), state="requested"),
    ]


@on(ProjectReady)
def project_ready(told: Telling[ProjectReady]) -> list[Document]:
    """It takes commands."""
    return told.again(Node(NodeKind.PROJECT, told.event.project), state="ready")


@on(ProjectDescribed)
def project_described(told: Telling[ProjectDescribed]) -> list[Document]:
    """What it is for is said anew."""
    return told.again(Node(NodeKind.PROJECT, told.event.project), description=told.event.description)


@on(ProjectArchived)
def project_archived(told: Telling[ProjectArchived]) -> list[Document]:
    """It is put away, and found as before."""
    return told.again(Node(NodeKind.PROJECT, told.event.project), state="archived")


@on(ProjectUnarchived)
def project_unarchived(told: Telling[ProjectUnarchived]) -> list[Document]:
    """It is taken up again."""
    return told.again(Node(NodeKind.PROJECT, told.event.project), state="ready")


@on(ReadmeWritten)
def readme_written(told: Telling[ReadmeWritten]) -> list[Document]:
    """Its README, a document of its own: it is told of in the project's log, and the project in the platform's."""
    thing, text = f"{Kind.README}:{told.project}", (told.event.text,)
    return told.again(thing, text=text) or [told.new(thing, told.project, text=text, state="ready")]


@on(MemberAdded)
def member_added(told: Telling[MemberAdded]) -> list[Document]:
    """A person is a member, for the first time or again."""
    user, role = told.event.user, told.event.role
    again = told.again(person(user), tags=(role.value,), state="member")
    return again or [told.new(person(user), user, tags=(role.value,), people=(user,), state="member")]


@on(MemberRoleChanged)
def member_role_changed(told: Telling[MemberRoleChanged]) -> list[Document]:
    """The role is another."""
    return told.again(person(told.event.user), tags=(told.event.role.value,))


@on(MemberRemoved)
def member_removed(told: Telling[MemberRemoved]) -> list[Document]:
    """The person has left."""
    return told.again(person(told.event.user), tags=(), state="removed")


@on(TopicRequested)
def topic_requested(told: Telling[TopicRequested]) -> list[Document]:
    """A topic is asked for."""
    event = told.event
    return [told.new(topic(event.name), event.name, tags=(event.purpose,), state="requested")]


@on(TopicOpened)
def topic_opened(told: Telling[TopicOpened]) -> list[Document]:
    """It takes records; those of every project were never asked for."""
    event = told.event
    opened = told.again(topic(event.name), state="ready")
    return opened or [told.new(topic(event.name), event.name, tags=(event.purpose,), state="ready")]


@on(TopicClosed)
def topic_closed(told: Telling[TopicClosed]) -> list[Document]:
    """It is no more."""
    return told.again(topic(told.event.name), state="closed")


@on(TopicGranted)
def topic_granted(told: Telling[TopicGranted]) -> list[Document]:
    """One more person has to do with it."""
    thing = topic(told.event.topic)
    found = told.before(thing)
    return told.again(thing, people=tuple(dict.fromkeys((*(found.people if found else ()), told.event.user))))
