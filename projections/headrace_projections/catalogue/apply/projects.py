"""Projects and their topics."""

from headrace_events.envelope import Recorded
from headrace_events.project import ProjectReady, ProjectRequested
from headrace_events.topic import TopicGranted, TopicOpened, TopicRequested
from headrace_projections.catalogue.apply.handlers import authored, on, project_of, stamped
from headrace_projections.changes import Change, Update, Upsert


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


@on(ProjectReady)
def show_ready(event: ProjectReady, at: Recorded) -> list[Change]:
    """Show that the project takes commands; its topics are shown by `topic.opened` in the project's own log."""
    return [Update("projects", {"project": event.project}, {"phase": "ready", **stamped("ready", at)})]


@on(TopicRequested)
def request_topic(event: TopicRequested, at: Recorded) -> list[Change]:
    """Show the topic that is being made."""
    row = {
        "partitions": event.partitions,
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


@on(TopicGranted)
def grant_topic(event: TopicGranted, at: Recorded) -> list[Change]:
    """Show who else may write to the topic."""
    key = {"project": project_of(at), "topic": event.topic, "user_name": event.user}
    return [Upsert("topic_writers", key, stamped("since", at))]
