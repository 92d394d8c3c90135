"""What members may do at the broker, by kind of topic: access rules and the page of permissions are made of this.

Besides, every member reads every topic of the project, and writes under its transactional ids.
"""

from headrace_events.language import value
from headrace_events.roles import Role


@value
class TopicRight:
    """Who writes to topics called `<project>.<name>`; with `many`, to all whose names begin so.

    `granted`: a Data Scientist writes to those that an owner grants. `data`: in a sensitive project a Data Scientist
    neither reads nor writes them.
    """

    name: str
    what: str
    many: bool = False
    writers: tuple[Role, ...] = ()
    granted: bool = False
    data: bool = True


_OWNER = (Role.DATA_OWNER,)
_BOTH = (Role.DATA_OWNER, Role.DATA_SCIENTIST)

TOPIC_RIGHTS = (
    TopicRight(name="events", what="all that happened in the project's metadata", data=False),
    TopicRight(name="runs", what="metrics and log lines of runs", writers=_BOTH, data=False),
    TopicRight(name="predictions", what="what models answered"),
    TopicRight(name="outcomes", what="what came true", writers=_OWNER),
    TopicRight(name="deadletters", what="what could not be processed"),
    TopicRight(name="features.", many=True, what="rows of a feature group", writers=_OWNER),
    TopicRight(name="topics.", many=True, what="topics that owners make", writers=_OWNER, granted=True),
)
"""Every kind of topic a project has."""
