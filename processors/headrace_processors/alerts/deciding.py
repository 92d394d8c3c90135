"""From a window's record to commands: update the history, and decide every rule that reads it.

Commands go out before the table changes, and both before the record is acknowledged. So whatever a crash leaves undone
is done again: the same record gives the same command id, to which the command processor gives the stored result.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from headrace_broker.results import Result
from headrace_events.envelope import Position, Request
from headrace_events.errors import Conflict, NotFound
from headrace_events.ids import processor_command_id
from headrace_events.monitor import OpenAlert, ResolveAlert
from headrace_processors.alerts.history import History
from headrace_processors.alerts.hysteresis import Decision, decide
from headrace_processors.alerts.knowledge import Rule, Rules, note
from headrace_processors.alerts.measuring import features_of, measure
from headrace_projections.monitoring.names import UNMATCHED, WHOLE
from headrace_projections.monitoring.reference import Reference
from headrace_projections.monitoring.window import Window, WindowKey

logger = logging.getLogger(__name__)

ACTOR = "system:alerts"

Read = Callable[[bytes], bytes | None]
"""What the table holds under a key."""


@dataclass(frozen=True, slots=True)
class Write:
    """What the table is to hold under a key from now on; None: nothing."""

    key: bytes
    value: bytes | None


class Asks(Protocol):
    """Sends a command and waits for its result."""

    def ask(self, request: Request, seconds: float = 30.0) -> Result:
        """The result; raises the Refusal, Unavailable, TimeoutError."""
        ...


class Decider:
    """Decides over what a table holds; nothing depends on the clock. It blocks while commands are on their way."""

    def __init__(
        self, read: Read, rules: Rules, reference: Callable[[str, str], Reference | None], commands: Asks
    ) -> None:
        self._read = read
        self._rules = rules
        self._reference = reference
        self._commands = commands

    def take(self, key: WindowKey, window: Window | None, at: Position) -> Write | None:
        """Take a window's newest revision, None where it is gone; what the table is to hold then.

        A deleted project's windows are let go of: their reference may be gone before them.
        """
        if key.feature == UNMATCHED:
            return None
        place = _key(key.project, key.deployment, key.feature)
        held = self._read(place)
        if self._rules.closed(key.project) or (window is None and held is None):
            return None if held is None else Write(place, None)
        reference = self._reference(key.project, key.deployment)
        if reference is None:
            if self._rules.closed(key.project):
                return None if held is None else Write(place, None)
            raise LookupError(f"a window of {key.project}, {key.deployment} without a reference")
        history = History.decode(held)
        if window is None:
            history.remove(key.window_start_ms)
        else:
            history.put(window, reference)
        for rule in self._rules.of(key.project, key.deployment):
            if key.feature in {WHOLE, *features_of(rule.rule, reference)}:
                self._decide(rule, reference, at, {key.feature: history})
        return Write(place, history.encode())

    def decide_new(self, rule: Rule) -> None:
        """Decide a rule over the windows that were there before it."""
        if self._history(rule.project, rule.rule.deployment, WHOLE).windows:
            reference = self._reference(rule.project, rule.rule.deployment)
            if reference is not None:
                self._decide(rule, reference, rule.added, {})

    def _decide(self, rule: Rule, reference: Reference, at: Position, newer: dict[str, History]) -> None:
        def history(feature: str) -> History:
            return newer.get(feature) or self._history(rule.project, rule.rule.deployment, feature)

        windows = measure(rule.rule, reference, history)
        while (decision := decide(rule.rule, reference.window_seconds, rule.last, windows)) is not None:
            if not self._ask(rule, decision, at):
                break

    def _ask(self, rule: Rule, decision: Decision, at: Position) -> bool:
        """Ask for the decision; False where the command processor knows better, which our feed will tell."""
        verb = OpenAlert if decision.open else ResolveAlert
        command = verb(
            project=rule.project,
            deployment=rule.rule.deployment,
            rule=rule.rule.rule,
            window_start=decision.window_start_ms * 1000,
            observed=decision.observed,
        )
        step = f"{rule.project}/{rule.rule.deployment}/{rule.rule.rule}/{verb.__name__}/{decision.window_start_ms}"
        command_id = processor_command_id(at.topic_id, at.partition, at.offset, step)
        try:
            result = self._commands.ask(Request(command=command, id=command_id, actor=ACTOR))
        except (Conflict, NotFound) as refusal:
            logger.info("%s: %s", step, refusal.message)
            return False
        note(rule, decision, result.version)
        logger.info("%s at %.4g", step, decision.observed)
        return True

    def _history(self, project: str, deployment: str, feature: str) -> History:
        return History.decode(self._read(_key(project, deployment, feature)))


def _key(project: str, deployment: str, feature: str) -> bytes:
    return f"{project}/{deployment}/{feature}".encode()
