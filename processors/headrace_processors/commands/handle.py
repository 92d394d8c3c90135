"""One command against the world: repeated, refused, or accepted with its events. Nothing here does I/O."""

from dataclasses import dataclass

from headrace_events.aggregates import AGGREGATES
from headrace_events.envelope import Recorded, Request
from headrace_events.errors import Invalid, NotFound, Refusal, WrongVersion
from headrace_events.ids import event_id
from headrace_events.language import Event, Home
from headrace_events.permissions import authorise
from headrace_processors.commands.world import AggregateKey, Answered, World


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same request again: the stored result is its answer."""

    result: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """No event happens. `remembered` is False where the id already stands for another request."""

    refusal: Refusal
    remembered: bool = True


@dataclass(frozen=True, slots=True)
class Accepted:
    """The events that happen, numbered, and the version of the command's own aggregate after them."""

    events: tuple[Recorded, ...]
    aggregate: AggregateKey
    version: int


Outcome = Repeated | Refused | Accepted


def handle(request: Request, fingerprint: str, world: World) -> Outcome:
    """Decide, and fold what was decided into the world. `fingerprint` is the keyed hash of the request."""
    earlier = world.answers.get(request.id)
    if earlier is not None:
        return _again(earlier, fingerprint)
    world.actor = request.actor
    command = request.command
    key = AggregateKey(command.kind, command.scope, command.key)
    try:
        authorise(command, world)
        decided = _decided(request, key, world)
    except Refusal as refusal:
        return Refused(refusal)
    project = getattr(command, "project", None)
    recorded = tuple(_record(fact, index, request, project, world) for index, fact in enumerate(decided))
    return Accepted(recorded, key, world.version(key))


def _decided(request: Request, key: AggregateKey, world: World) -> list[Event]:
    """What the aggregate decides. Raises the Refusal; WrongVersion goes before all but NotFound.

    Whoever is told that there is no such thing is told of no version of it either.
    """
    held = world.aggregates.get(key)
    wrong = _wrong_version(request.expected_version, key, held.version if held else 0)
    try:
        decided = AGGREGATES[key.kind].decide(held.state if held else None, request.command, world)
    except NotFound:
        raise
    except Refusal as refusal:
        raise wrong or refusal from None
    if wrong is not None:
        raise wrong
    return decided


def _wrong_version(expected: int | None, key: AggregateKey, actual: int) -> WrongVersion | None:
    return None if expected is None or expected == actual else WrongVersion(str(key), expected, actual)


def _again(earlier: Answered, fingerprint: str) -> Outcome:
    if earlier.request == fingerprint:
        return Repeated(earlier.result)
    different = Invalid(
        "command-id-reused", "this command id has been used for another request: make a new id for a new command"
    )
    return Refused(different, remembered=False)


def _record(fact: Event, index: int, request: Request, project: str | None, world: World) -> Recorded:
    scope = project if fact.home is Home.PROJECT else None
    key = AggregateKey(fact.kind, scope, fact.key)
    counted = fact.home is not Home.CREDENTIALS
    recorded = Recorded(
        event=fact,
        id=event_id(request.id, index),
        project=scope,
        seq=world.seqs.get(scope or "", 0) + 1 if counted else 0,
        version=world.version(key) + 1 if counted else 0,
        actor=request.actor,
        cause=request.id,
        time=world.now,
    )
    world.apply(recorded)
    return recorded
