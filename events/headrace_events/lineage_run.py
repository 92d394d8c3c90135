"""Runs of jobs elsewhere, as members tell of them in OpenLineage's words: claimed, never checked.

Source: the OpenLineage specification, core 2-0-2 (RunEvent).
"""

import hashlib

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Invalid
from headrace_events.language import Command, Event, command, event, value

TYPES = frozenset({"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"})
REMEMBERED = 1_000
"""So many run events of a project, the newest, are known again."""
MOST_DATASETS = 1_000
LONGEST_NAMESPACE = 500
LONGEST_NAME = 1_000
LONGEST_DOCUMENT = 262_144


@value
class Named:
    """A job or a dataset: a name within a namespace."""

    namespace: str
    name: str


@command("lineage_run.record_event")
class RecordRunEvent(Command):
    """Say what a run has read and written so far. `event_time` is microseconds UTC; `document` is the event as sent."""

    project: str
    run: str
    event_type: str
    event_time: int
    job: Named
    inputs: tuple[Named, ...]
    outputs: tuple[Named, ...]
    producer: str
    document: str

    @property
    def key(self) -> str:
        return ""


@event("lineage_run.event_recorded")
class RunEventRecorded(Event):
    """A member claims this of the run. Told again long after, it may come again, and claims nothing new."""

    run: str
    event_type: str
    event_time: int
    job: Named
    inputs: tuple[Named, ...]
    outputs: tuple[Named, ...]
    producer: str
    document: str

    @property
    def key(self) -> str:
        return ""


@value
class ToldRuns:
    """The events of all runs that a project was told last, each as a hash: what is remembered has a fixed size."""

    told: tuple[str, ...] = ()


def decide(state: ToldRuns | None, wish: Command, known: Known) -> list[Event]:
    """An event of a run, type and time that was told before, in whatever order, changes nothing.

    That holds for the REMEMBERED newest of the project. An older one is recorded again: it claims what was claimed.
    """
    match wish:
        case RecordRunEvent():
            _must_be_sound(wish)
            if state is not None and _told(wish) in state.told:
                return []
            return [
                RunEventRecorded(
                    run=wish.run,
                    event_type=wish.event_type,
                    event_time=wish.event_time,
                    job=wish.job,
                    inputs=wish.inputs,
                    outputs=wish.outputs,
                    producer=wish.producer,
                    document=wish.document,
                )
            ]
        case _:
            raise unknown(wish)


def _must_be_sound(wish: RecordRunEvent) -> None:
    if wish.event_type not in TYPES:
        raise Invalid("invalid-run-event", f"an event's type is one of {', '.join(sorted(TYPES))}")
    if len(wish.inputs) + len(wish.outputs) > MOST_DATASETS:
        raise Invalid("too-many-datasets", f"an event names at most {MOST_DATASETS} datasets")
    if len(wish.document.encode()) > LONGEST_DOCUMENT:
        raise Invalid("run-event-too-large", f"an event has at most {LONGEST_DOCUMENT} bytes: leave large facets out")
    for named in (wish.job, *wish.inputs, *wish.outputs):
        if not 0 < len(named.namespace) <= LONGEST_NAMESPACE or not 0 < len(named.name) <= LONGEST_NAME:
            raise Invalid(
                "invalid-run-event",
                f"a namespace has 1 to {LONGEST_NAMESPACE} characters, a name 1 to {LONGEST_NAME}",
                {"namespace": named.namespace[:200], "name": named.name[:200]},
            )
        if "|" in named.namespace:
            raise Invalid("invalid-run-event", "a namespace holds no '|'", {"namespace": named.namespace[:200]})


def _told(said: RecordRunEvent | RunEventRecorded) -> str:
    return hashlib.sha256(f"{said.run} {said.event_type} {said.event_time}".encode()).hexdigest()[:16]


def evolve(state: ToldRuns | None, fact: Event) -> ToldRuns:
    """Fold one event."""
    match fact:
        case RunEventRecorded():
            return ToldRuns(told=(*(state or ToldRuns()).told, _told(fact))[-REMEMBERED:])
        case _:
            raise unknown(fact)


aggregate("lineage_run", ToldRuns, decide=decide, evolve=evolve)
