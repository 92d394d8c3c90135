"""What projects let one another read, folded: which topics are open to whose members, and what is still to be said.

Shares lie on the platform's topic, what becomes of a shared topic on its project's; they are folded in no order between
the two. So nothing here depends on one: a share counts as `headrace_events.share` says, while what it names is there.
"""

from dataclasses import dataclass, field

from headrace_events.envelope import Position, Recorded
from headrace_events.project import ProjectClosing, ProjectMarkedSensitive, ProjectUnmarkedSensitive
from headrace_events.share import (
    RecordShareEnforced,
    ShareAccepted,
    ShareDeclined,
    ShareEnforced,
    ShareOffered,
    ShareRevoked,
    counts,
)
from headrace_events.shared import TopicPattern
from headrace_events.topic import TopicClosed


@dataclass(slots=True)
class _Share:
    """One share; `said` is what provisioning told of it since it was answered last, `at` the event that changed it."""

    project: str
    receiver: str
    topics: TopicPattern
    at: Position
    accepted: bool = False
    said: bool | None = False


@dataclass(slots=True)
class Sharing:
    """Every share of projects that are there."""

    shares: dict[str, _Share] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    sensitive: set[str] = field(default_factory=set)

    def apply(self, recorded: Recorded) -> set[str]:
        """Fold one event; the projects whose members may read other things than before."""
        match recorded.event:
            case ShareOffered(share=name) as offer:
                said = self.shares[name].said if name in self.shares else False
                self.shares[name] = _Share(
                    offer.project, offer.receiver, offer.shared.topics, recorded.at, accepted=False, said=said
                )
            case ShareAccepted(share=name) | ShareDeclined(share=name) | ShareRevoked(share=name) as answer:
                share = self.shares[name]
                share.accepted, share.at, share.said = isinstance(answer, ShareAccepted), recorded.at, None
                return {share.receiver}
            case ShareEnforced(share=name, open=opened):
                self.shares[name].said = opened
            case TopicClosed(name=topic):
                self.closed.add(topic)
                return {share.receiver for share in self.shares.values() if share.topics.name == topic}
            case ProjectMarkedSensitive(project=project) | ProjectUnmarkedSensitive(project=project) as marked:
                (self.sensitive.add if isinstance(marked, ProjectMarkedSensitive) else self.sensitive.discard)(project)
                touched = [share for share in self.shares.values() if project in {share.project, share.receiver}]
                for share in touched:
                    share.at = recorded.at
                return {share.receiver for share in touched}
            case ProjectClosing(project=project):
                gone = {name: one for name, one in self.shares.items() if project in {one.project, one.receiver}}
                self.shares = {name: one for name, one in self.shares.items() if name not in gone}
                return {one.receiver for one in gone.values()}
            case _:
                pass
        return set()

    def open_to(self, receiver: str) -> list[TopicPattern]:
        """The topics of other projects that the members of that project read."""
        return [
            share.topics
            for share in self.shares.values()
            if share.receiver == receiver and self._counts(share) and share.topics.name not in self.closed
        ]

    def take_due(self, receiver: str) -> list[tuple[RecordShareEnforced, Position]]:
        """What is to be said, each with the event that it follows from, once the rules of the project hold."""
        due = []
        for name, share in self.shares.items():
            opened = self._counts(share)
            if share.receiver == receiver and share.said != opened:
                share.said = opened
                due.append((RecordShareEnforced(share=name, open=opened), share.at))
        return due

    def _counts(self, share: _Share) -> bool:
        return counts(share.accepted, (share.project, share.receiver), self.sensitive.__contains__)
