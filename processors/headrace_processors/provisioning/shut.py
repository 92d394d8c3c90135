"""People who were shut out of the platform, and what that says of their certificates."""

from dataclasses import dataclass, field

from headrace_events.envelope import Position, Recorded
from headrace_events.ids import Micros
from headrace_events.user import UserActivated, UserDeactivated


@dataclass(slots=True)
class Shut:
    """Who is shut out now, and when somebody was last.

    People's events and certificates' lie on different topics, which are folded in no order between them; the log's
    time tells which certificate was asked for before its person was shut out.
    """

    out: set[str] = field(default_factory=set)
    last: dict[str, tuple[Micros, Position]] = field(default_factory=dict)

    def apply(self, recorded: Recorded) -> bool:
        """Fold one event; whether anybody's standing changed."""
        match recorded.event:
            case UserDeactivated(user=user):
                self.out.add(user)
                self.last[user] = (recorded.time, recorded.at)
            case UserActivated(user=user):
                self.out.discard(user)
            case _:
                return False
        return True

    def closed(self, user: str, asked: Micros) -> bool:
        """Whether a certificate asked for at that time is dead."""
        return user in self.last and asked <= self.last[user][0]
