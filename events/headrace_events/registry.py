"""The rules of a project's schema registry.

Source: Confluent's schema registry, REST API reference and "Schema deletion".
"""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.compatibility import DEFAULT, Compatibility, Earlier, incompatibilities
from headrace_events.errors import Conflict, Forbidden, Invalid, NotFound
from headrace_events.language import Command, Event
from headrace_events.member import Membership
from headrace_events.roles import Role
from headrace_events.schema import SchemaReference, enter, must_be_few, written
from headrace_events.subject import (
    WHOLE_PROJECT,
    AskedReference,
    DeleteSchema,
    Mode,
    PurgeSchema,
    RegisterSchema,
    SetCompatibility,
    SetMode,
    Subject,
    SubjectCompatibilitySet,
    SubjectModeSet,
    SubjectVersion,
    SubjectVersionDeleted,
    SubjectVersionPurged,
    SubjectVersionReferenced,
    SubjectVersionRegistered,
    SubjectVersionReleased,
    evolve,
    subject_name,
)
from headrace_events.topic import Topic

MOST_VERSIONS = 1_000


def register(known: Known, project: str, subject: str, text: str, topic: str) -> tuple[int, list[Event]]:
    """The id of the schema that `topic` stands on, and the events that make it a version of its subject."""
    schema_id, events = enter(known, text)
    state = known.state(Subject, project, subject)
    if state is None or all(version.schema_id != schema_id for version in state.live):
        number = _next_number(state)
        events.append(
            SubjectVersionRegistered(subject=subject, version=number, schema_id=schema_id, topic=topic),
        )
    return schema_id, events


def register_next(known: Known, project: str, subject: str, text: str, topic: str) -> tuple[int, list[Event]]:
    """As `register`, where `topic` stands on the subject already: its mode and its level are kept."""
    state = known.state(Subject, project, subject) or Subject()
    _must_take_changes(state, project, subject, known)
    _must_have_room(state, subject)
    _must_be_compatible(state, RegisterSchema(project=project, subject=subject, schema=text), (), known)
    return register(known, project, subject, text, topic)


def decide(state: Subject | None, wish: Command, known: Known) -> list[Event]:
    """Keep the rules of Confluent's registry."""
    match wish:
        case RegisterSchema():
            return _register(state or Subject(), wish, known)
        case DeleteSchema(project=project, subject=subject, version=number):
            _must_be_allowed(project, subject, known)
            _must_take_changes(state, project, subject, known)
            return _delete(state, subject, number, known)
        case PurgeSchema(project=project, subject=subject, version=number):
            _must_take_changes(state, project, subject, known)
            return _purge(state, subject, number)
        case SetCompatibility(subject=subject, level=level):
            return _set_compatibility(state or Subject(), subject, level)
        case SetMode(subject=subject, mode=mode):
            return _set_mode(state or Subject(), subject, mode)
        case _:
            raise unknown(wish)


def _register(state: Subject, wish: RegisterSchema, known: Known) -> list[Event]:
    project, subject = wish.project, wish.subject
    subject_name(subject)
    _must_be_allowed(project, subject, known)
    references = tuple(_resolved(project, asked, known) for asked in _few(wish.references))
    schema_id, events = enter(known, wish.schema, references)
    if any(version.schema_id == schema_id for version in state.live):
        return []
    _must_take_changes(state, project, subject, known)
    number = _next_number(state)
    if wish.version not in {None, number}:
        raise Forbidden("not-importing", f"the next version of {subject!r} is {number}: it cannot be {wish.version}")
    if any(version.topic for version in state.live):
        raise Forbidden(
            "subject-in-use", f"subject {subject!r} belongs to a feature group: make a version of the group"
        )
    _must_have_room(state, subject)
    _must_be_compatible(state, wish, references, known)
    events.append(SubjectVersionRegistered(subject=subject, version=number, schema_id=schema_id))
    for one in references:
        events.append(
            SubjectVersionReferenced(subject=one.subject, version=one.version, by_subject=subject, by_version=number)
        )
    return events


def _few(references: tuple[AskedReference, ...]) -> tuple[AskedReference, ...]:
    must_be_few(len(references))
    return references


def _resolved(project: str, asked: AskedReference, known: Known) -> SchemaReference:
    """The reference with the id it leads to; -1 is the newest version."""
    state = known.state(Subject, project, asked.subject) or Subject()
    found = state.find(asked.version) if asked.version != -1 else next(reversed(state.live), None)
    if found is None or found.deleted:
        raise Invalid(
            "invalid-schema",
            f"{asked.name!r} refers to version {asked.version} of {asked.subject!r}, which there is not",
        )
    return SchemaReference(name=asked.name, subject=asked.subject, version=found.version, schema_id=found.schema_id)


def _must_have_room(state: Subject, subject: str) -> None:
    if len(state.versions) >= MOST_VERSIONS:
        raise Forbidden(
            "too-many-versions", f"subject {subject!r} has {MOST_VERSIONS} versions: purge some, or use another"
        )


def _must_be_compatible(
    state: Subject, wish: RegisterSchema, references: tuple[SchemaReference, ...], known: Known
) -> None:
    level = effective(known, wish.project, state).compatibility or DEFAULT
    earlier = [
        Earlier(version=version.version, schema=written(known.schema, schema.text, schema.references))
        for version in level.against(state.live)
        if (schema := known.schema(version.schema_id)) is not None
    ]
    broken = incompatibilities(known.avro, level, written(known.schema, wish.schema, references), earlier)
    if broken:
        raise Conflict(
            "incompatible-schema",
            f"the schema is not {level} compatible in subject {wish.subject!r}: {'; '.join(broken)[:2000]}",
            {"subject": wish.subject, "level": level.value},
        )


def effective(known: Known, project: str, state: Subject | None) -> Subject:
    """What holds for a subject: what it says itself, else what the project says."""
    whole = known.state(Subject, project, WHOLE_PROJECT) or Subject()
    own = state or Subject()
    return Subject(compatibility=own.compatibility or whole.compatibility, mode=own.mode or whole.mode)


def _must_take_changes(state: Subject | None, project: str, subject: str, known: Known) -> None:
    mode = effective(known, project, state).mode or Mode.READWRITE
    if mode is not Mode.READWRITE:
        raise Forbidden("subject-read-only", f"subject {subject!r} is in {mode.value} mode")


def _must_be_allowed(project: str, subject: str, known: Known) -> None:
    """Raise Forbidden where a Data Scientist changes the schemas of a topic that they may not write."""
    user = known.actor.removeprefix("user:")
    members = known.state(Membership, project, "")
    if members is not None and members.roles.get(user) is Role.DATA_OWNER:
        return
    if not subject.startswith(f"{project}."):
        return
    name = subject.removesuffix("-key").removesuffix("-value")
    topic = known.state(Topic, project, name)
    if topic is None or user not in topic.writers:
        raise Forbidden(
            "owners-only", f"subject {subject!r} is for Data Owners, and for members who may write {name!r}"
        )


def _delete(state: Subject | None, subject: str, number: int | None, known: Known) -> list[Event]:
    if state is None or not state.versions:
        raise NotFound("subject", subject)
    if number is None:
        if not state.live:
            raise Conflict("subject-deleted", f"subject {subject!r} was deleted: purge it, or register anew")
        chosen = state.live
    else:
        chosen = (_version(state, number),)
        if chosen[0].deleted:
            raise Conflict(
                "version-deleted", f"version {number} of {subject!r} was deleted: purge it, or register anew"
            )
    events: list[Event] = []
    for version in chosen:
        _must_be_free(version, subject)
        events.append(SubjectVersionDeleted(subject=subject, version=version.version))
        schema = known.schema(version.schema_id)
        events.extend(
            SubjectVersionReleased(
                subject=one.subject, version=one.version, by_subject=subject, by_version=version.version
            )
            for one in (schema.references if schema else ())
        )
    if number is None and state.compatibility is not None:
        events.append(SubjectCompatibilitySet(subject=subject, level=None))
    if number is None and state.mode is not None:
        events.append(SubjectModeSet(subject=subject, mode=None))
    return events


def _must_be_free(version: SubjectVersion, subject: str) -> None:
    if version.topic is not None:
        raise Forbidden("subject-in-use", f"topic {version.topic!r} stands on subject {subject!r}")
    if version.referrers:
        by = ", ".join(version.referrers[:5])
        raise Invalid("schema-referenced", f"version {version.version} of {subject!r} is referred to by {by}")


def _purge(state: Subject | None, subject: str, number: int | None) -> list[Event]:
    if state is None or not state.versions:
        raise NotFound("subject", subject)
    if number is None:
        if state.live:
            raise Conflict("subject-not-deleted", f"subject {subject!r} must be deleted before it is purged")
        chosen = state.versions
    else:
        chosen = (_version(state, number),)
        if not chosen[0].deleted:
            raise Conflict(
                "version-not-deleted", f"version {number} of {subject!r} must be deleted before it is purged"
            )
    return [SubjectVersionPurged(subject=subject, version=version.version) for version in chosen]


def _version(state: Subject, number: int) -> SubjectVersion:
    found = state.find(number)
    if found is None:
        raise NotFound("version", str(number))
    return found


def _set_compatibility(state: Subject, subject: str, asked: str | None) -> list[Event]:
    if subject != WHOLE_PROJECT:
        subject_name(subject)
    if asked is None:
        if state.compatibility is None and subject != WHOLE_PROJECT:
            raise NotFound("compatibility", subject)
    elif asked not in set(Compatibility):
        raise Invalid("invalid-level", f"{asked[:80]!r} is no compatibility level: use {', '.join(Compatibility)}")
    level = None if asked is None else Compatibility(asked)
    return [] if level == state.compatibility else [SubjectCompatibilitySet(subject=subject, level=level)]


def _set_mode(state: Subject, subject: str, asked: str | None) -> list[Event]:
    if subject != WHOLE_PROJECT:
        subject_name(subject)
    if asked is None:
        if state.mode is None and subject != WHOLE_PROJECT:
            raise NotFound("mode", subject)
    elif asked not in set(Mode):
        raise Invalid("invalid-mode", f"{asked[:80]!r} is no mode: use {', '.join(Mode)}")
    mode = None if asked is None else Mode(asked)
    return [] if mode == state.mode else [SubjectModeSet(subject=subject, mode=mode)]


def _next_number(state: Subject | None) -> int:
    """One more than the last version that is not purged, as Confluent's registry counts."""
    return max((version.version for version in state.versions), default=0) + 1 if state else 1


aggregate("subject", Subject, decide=decide, evolve=evolve)
