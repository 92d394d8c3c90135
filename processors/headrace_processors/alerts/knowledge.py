"""What the worker knows beside the windows: rules, what was decided on them, and references.

A thread of its own reads them from the log. A window is made from its reference, so whoever holds a window's record may
wait for the reference: it is there already.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.errors import Missing
from headrace_broker.feed import MetadataFeed
from headrace_broker.follower import Follower, Partition
from headrace_broker.topics import REFERENCES
from headrace_events.envelope import Position, Recorded
from headrace_events.monitor import AlertOpened, AlertResolved, AlertRuleAdded
from headrace_events.project import ProjectClosing
from headrace_processors.alerts.hysteresis import Decision
from headrace_projections.monitoring.reference import Reference, ReferenceCodec

logger = logging.getLogger(__name__)

PATIENCE_S = 30.0


@dataclass(slots=True)
class Rule:
    """A rule of a project, where it was added, and the last decision on it; `version` is its monitor's then."""

    project: str
    rule: AlertRuleAdded
    added: Position
    last: Decision | None = None
    version: int = 0


@dataclass(slots=True)
class Rules:
    """The fold of monitor events. Decisions of ours are noted at once, before their events are read."""

    _rules: dict[tuple[str, str], dict[str, Rule]] = field(default_factory=dict)
    _closed: set[str] = field(default_factory=set)

    def take(self, recorded: Recorded) -> None:
        """Fold one event; what a closed project's own topic still tells counts no more."""
        project = recorded.project or ""
        if project in self._closed:
            return
        match recorded.event:
            case ProjectClosing(project=closed):
                self._closed.add(closed)
                self._rules = {key: rules for key, rules in self._rules.items() if key[0] != closed}
            case AlertRuleAdded() as rule:
                made = Rule(project, rule, recorded.at, version=recorded.version)
                self._rules.setdefault((project, rule.deployment), {})[rule.rule] = made
            case AlertOpened() | AlertResolved() as turn:
                opened = isinstance(turn, AlertOpened)
                decision = Decision(opened, turn.window_start // 1000, turn.observed)
                rule_of = self._rules[project, turn.deployment][turn.rule]
                note(rule_of, decision, recorded.version)
            case _:
                pass

    def closed(self, project: str) -> bool:
        """Whether the project is being deleted, or was."""
        return project in self._closed

    def of(self, project: str, deployment: str) -> list[Rule]:
        """The rules of a deployment, in the order they were added."""
        return list(self._rules.get((project, deployment), {}).values())

    def all(self) -> list[Rule]:
        """Every rule."""
        return [rule for rules in list(self._rules.values()) for rule in list(rules.values())]


def note(rule: Rule, decision: Decision, version: int) -> None:
    """Remember a decision, unless a later one is known."""
    if version > rule.version:
        rule.last, rule.version = decision, version


class Knowledge:
    """Reads rules and references until it is closed; `failed` is called with what ended the reading otherwise."""

    def __init__(self, connection: Connection, failed: Callable[[Exception], None]) -> None:
        self.rules = Rules()
        self._references: dict[tuple[str, str], Reference] = {}
        self._codec = ReferenceCodec()
        self._feed = MetadataFeed(connection, patient=True)
        found = Admin(connection).topic_ids([REFERENCES])
        if REFERENCES not in found:
            raise Missing(f"{REFERENCES} does not exist: prepare the log first")
        self._follower = Follower(connection)
        self._follower.follow({Partition(REFERENCES, found[REFERENCES][0], 0): 0})
        self._failed = failed
        self._closing = threading.Event()
        self._caught_up = threading.Event()
        self._thread = threading.Thread(target=self._read, name="knowledge", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            while not self._closing.is_set():
                for recorded in self._feed.poll(0.1).events:
                    self.rules.take(recorded)
                for record in self._follower.poll(seconds=0.1).records:
                    if record.value is not None:
                        reference = self._codec.decode(record.value)
                        self._references[reference.project, reference.deployment] = reference
                if self._feed.at_end() and self._follower.at_end():
                    self._caught_up.set()
        except Exception as error:  # noqa: BLE001 - a thread that ends must end the process, whatever ended it
            self._failed(error)

    @property
    def caught_up(self) -> bool:
        """Whether everything that was there at the start has been read."""
        return self._caught_up.is_set()

    def wait(self) -> None:
        """Return when everything that was there at the start has been read."""
        self._caught_up.wait()

    def reference(self, project: str, deployment: str) -> Reference | None:
        """The reference of a deployment, as soon as it has been read; None if it does not come."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := self._references.get((project, deployment))) is None and time.monotonic() < deadline:
            if self.rules.closed(project):
                break
            time.sleep(0.05)
        return found

    def close(self) -> None:
        """Stop."""
        self._closing.set()
        self._thread.join(5.0)
        self._follower.close()
        self._feed.close()
