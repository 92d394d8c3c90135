"""Projects, what is written about them, and their topics."""

from headrace_events.envelope import Recorded
from headrace_events.project import (
    ProjectArchived,
    ProjectClosing,
    ProjectDeleted,
    ProjectDescribed,
    ProjectMarkedSensitive,
    ProjectReady,
    ProjectRequested,
    ProjectUnarchived,
    ProjectUnmarkedSensitive,
)
from headrace_events.readme import ReadmeWritten
from headrace_events.topic import (
    TopicChanged,
    TopicChangeRequested,
    TopicClosed,
    TopicGranted,
    TopicOpened,
    TopicRequested,
)
from headrace_projections.catalogue.apply.handlers import authored, on, project_of, stamped
from headrace_projections.catalogue.tables import TABLES
from headrace_projections.changes import Change, Forget, Update, Upsert
from headrace_schemas.records import to_record


@on(ProjectRequested)
def list_project(event: ProjectRequested, at: Recorded) -> list[Change]:
    """Show the project that is being made."""
    row = {
        "phase": "requested",
        "owner": event.owner,
        "description": event.description,
        **authored("requested", at),
    }
    return [Upsert("projects", {"project": event.project}, row)]


@on(ProjectDescribed)
def describe_project(event: ProjectDescribed, at: Recorded) -> list[Change]:
    """Show what the project is for."""
    return [Update("projects", {"project": event.project}, {"description": event.description})]


@on(ReadmeWritten)
def write_readme(event: ReadmeWritten, at: Recorded) -> list[Change]:
    """Show the README as it is now."""
    key = {"project": project_of(at), "name": "README.md"}
    return [Upsert("readmes", key, {"body": event.text, **authored("written", at)})]


@on(ProjectReady)
def show_ready(event: ProjectReady, at: Recorded) -> list[Change]:
    """Show that the project takes commands; its topics are shown by `topic.opened` in the project's own log."""
    events = next((topic.topic_id for topic in event.topics if topic.purpose == "events"), None)
    row = {"phase": "ready", "events_topic_id": events, **stamped("ready", at)}
    return [Update("projects", {"project": event.project}, row)]


@on(ProjectArchived)
def archive_project(event: ProjectArchived, at: Recorded) -> list[Change]:
    """Show that the project is put away, and by whom."""
    return [Update("projects", {"project": event.project}, {"phase": "archived", **authored("archived", at)})]


@on(ProjectUnarchived)
def unarchive_project(event: ProjectUnarchived, at: Recorded) -> list[Change]:
    """Show that the project is taken up again."""
    row = {"phase": "ready", "archived_by": None, "archived_seq": None, "archived_time": None}
    return [Update("projects", {"project": event.project}, row)]


@on(ProjectMarkedSensitive)
def mark_sensitive(event: ProjectMarkedSensitive, at: Recorded) -> list[Change]:
    """Show that the project's data stays inside, and who said so."""
    return [Update("projects", {"project": event.project}, {"sensitive": True, **authored("sensitive", at)})]


@on(ProjectUnmarkedSensitive)
def unmark_sensitive(event: ProjectUnmarkedSensitive, at: Recorded) -> list[Change]:
    """Show that the project is like any other again."""
    row = {"sensitive": False, "sensitive_by": None, "sensitive_seq": None, "sensitive_time": None}
    return [Update("projects", {"project": event.project}, row)]


@on(ProjectClosing)
def close_project(event: ProjectClosing, at: Recorded) -> list[Change]:
    """Show nothing more of the project but that it is being deleted, and by whom."""
    gone: list[Change] = [Forget(table, {"project": event.project}) for table in TABLES.of_a_project]
    return [
        *gone,
        Forget("shares", {"receiver": event.project}),
        Update("projects", {"project": event.project}, {"phase": "closing", **authored("closing", at)}),
    ]


@on(ProjectDeleted)
def show_deleted(event: ProjectDeleted, at: Recorded) -> list[Change]:
    """Show that nothing is left; the row stays, as the name stays taken."""
    return [Update("projects", {"project": event.project}, {"phase": "deleted", **stamped("deleted", at)})]


@on(TopicRequested)
def request_topic(event: TopicRequested, at: Recorded) -> list[Change]:
    """Show the topic that is being made."""
    row = {
        **to_record(event.settings),
        "subject": event.subject,
        "purpose": event.purpose,
        "phase": "requested",
        **stamped("requested", at),
    }
    return [Upsert("topics", {"project": project_of(at), "topic": event.name}, row)]


@on(TopicOpened)
def open_topic(event: TopicOpened, at: Recorded) -> list[Change]:
    """Show that the topic takes records; what every project has was never requested."""
    row = {
        "topic_id": event.topic_id,
        "partitions": event.partitions,
        "purpose": event.purpose,
        "phase": "open",
        **stamped("opened", at),
    }
    return [Upsert("topics", {"project": project_of(at), "topic": event.name}, row)]


@on(TopicChangeRequested)
def change_topic(event: TopicChangeRequested, at: Recorded) -> list[Change]:
    """Show that other settings will come; those shown still hold."""
    return [Update("topics", {"project": project_of(at), "topic": event.name}, {"changing": True})]


@on(TopicChanged)
def show_changed(event: TopicChanged, at: Recorded) -> list[Change]:
    """Show the settings that hold now."""
    key = {"project": project_of(at), "topic": event.name}
    return [Update("topics", key, {**to_record(event.settings), "changing": False})]


@on(TopicGranted)
def grant_topic(event: TopicGranted, at: Recorded) -> list[Change]:
    """Show who else may write to the topic."""
    key = {"project": project_of(at), "topic": event.topic, "user_name": event.user}
    return [Upsert("topic_writers", key, stamped("since", at))]


@on(TopicClosed)
def close_topic(event: TopicClosed, at: Recorded) -> list[Change]:
    """Show that the topic is no more; the row stays, as the name stays taken."""
    key = {"project": project_of(at), "topic": event.name}
    return [Update("topics", key, {"phase": "closed", **stamped("closed", at)}), Forget("topic_writers", key)]
