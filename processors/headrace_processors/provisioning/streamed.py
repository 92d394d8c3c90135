"""The topics of a project that the platform alone writes, though they are called as those that owners write."""

from dataclasses import dataclass, field

from headrace_events.envelope import Recorded
from headrace_events.feature_group_streaming import StreamingDeclared
from headrace_events.topic import TopicClosed


@dataclass(slots=True)
class Streamed:
    """Rows of streaming feature groups, by topic."""

    topics: set[str] = field(default_factory=set)

    def apply(self, recorded: Recorded) -> bool:
        """Fold one event of the project; whether it changes access rules."""
        match recorded.event:
            case StreamingDeclared(topic=topic):
                self.topics.add(topic)
                return True
            case TopicClosed(name=name) if name in self.topics:
                self.topics.discard(name)
                return True
            case _:
                return False
