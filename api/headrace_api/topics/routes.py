"""Topics of a project."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.topics.models import Changes, NewGrant, NewTopic, TopicAccepted
from headrace_events.topic import CloseTopic, CreateTopic, GrantTopic
from headrace_projections.catalogue.queries import topics as queries
from headrace_projections.catalogue.queries.topics import TopicRow

router = APIRouter(prefix="/api/projects/{project}/topics", tags=["topics"])


@router.post("", status_code=202, summary="Create a topic")
async def create_topic(project: ProjectPath, body: NewTopic, sending: Sending) -> TopicAccepted:
    """Ask for `<project>.topics.<name>`; it takes records once `phase` is open. For Data Owners and administrators."""
    wish = body.command(CreateTopic, project=project)
    accepted = await sending.send(wish, f"/api/projects/{project}/topics/{wish.key}")
    return TopicAccepted(**accepted.model_dump(), topic=wish.key)


@router.get("", summary="List topics")
async def list_topics(reading: Reading) -> list[TopicRow]:
    """All topics of the project, by full name."""
    return await queries.topics(reading.context.pool, reading.project)


@router.get("/{topic}", summary="Show a topic")
async def get_topic(topic: str, reading: Reading) -> TopicRow:
    """The topic of that full name."""
    found = await queries.topic(reading.context.pool, reading.project, topic)
    if found is None:
        raise Missing("topic", topic)
    return found


@router.patch("/{topic}", status_code=202, summary="Change a topic")
async def change_topic(project: ProjectPath, topic: str, body: Changes, sending: Sending) -> Accepted:
    """Ask for other settings of a topic of `<project>.topics.`; they hold once `changing` is false.

    For Data Owners and administrators.
    """
    return await sending.send(body.of(project, topic), f"/api/projects/{project}/topics/{topic}")


@router.delete("/{topic}", summary="Delete a topic")
async def close_topic(project: ProjectPath, topic: str, sending: Sending) -> Accepted:
    """Take a topic of `<project>.topics.` away with its records; the name stays taken. For owners, administrators."""
    return await sending.send(CloseTopic(project=project, topic=topic))


@router.post("/{topic}/grants", status_code=201, summary="Let a member write")
async def grant_topic(project: ProjectPath, topic: str, body: NewGrant, sending: Sending) -> Accepted:
    """Let a Data Scientist write to a topic of `<project>.topics.`; for Data Owners and administrators."""
    return await sending.send(GrantTopic(project=project, topic=topic, user=body.user))
