"""Subjects of a project's schema registry: versions, what a new one owes to the earlier ones, who refers to whom.

The subject of no name stands for the project: its compatibility level and mode hold where a subject has none itself.
"""

import re
from dataclasses import replace
from enum import StrEnum

from headrace_events.aggregates import unknown
from headrace_events.compatibility import Compatibility
from headrace_events.errors import Invalid
from headrace_events.language import Command, Event, command, event, value

WHOLE_PROJECT = ""
"""The subject that stands for all of them."""

_SUBJECT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:@$+=~-]{0,254}")
_PLATFORMS = "headrace."


class Mode(StrEnum):
    """Whether a subject takes changes."""

    READWRITE = "READWRITE"
    READONLY = "READONLY"
    READONLY_OVERRIDE = "READONLY_OVERRIDE"


@value
class AskedReference:
    """What the schema calls `name` is this version of this subject of the same project."""

    name: str
    subject: str
    version: int


@command("subject.register")
class RegisterSchema(Command):
    """Make the schema the next version of the subject, unless it is one already."""

    project: str
    subject: str
    schema: str
    references: tuple[AskedReference, ...] = ()
    version: int | None = None

    @property
    def key(self) -> str:
        return self.subject


@command("subject.delete")
class DeleteSchema(Command):
    """Hide a version, or all of them; their ids go on to mean what they meant."""

    project: str
    subject: str
    version: int | None = None

    @property
    def key(self) -> str:
        return self.subject


@command("subject.purge")
class PurgeSchema(Command):
    """Forget a hidden version, or all of a hidden subject."""

    project: str
    subject: str
    version: int | None = None

    @property
    def key(self) -> str:
        return self.subject


@command("subject.set_compatibility")
class SetCompatibility(Command):
    """Say what a new version owes to the earlier ones; without a level, what the project says."""

    project: str
    subject: str
    level: str | None

    @property
    def key(self) -> str:
        return self.subject


@command("subject.set_mode")
class SetMode(Command):
    """Say whether the subject takes changes; without a mode, what the project says."""

    project: str
    subject: str
    mode: str | None

    @property
    def key(self) -> str:
        return self.subject


@event("subject.version_registered")
class SubjectVersionRegistered(Event):
    """In the project, this version of the subject is this schema. `topic` is the one that stands on it, if any does."""

    subject: str
    version: int
    schema_id: int
    topic: str | None = None

    @property
    def key(self) -> str:
        return self.subject


@event("subject.version_deleted")
class SubjectVersionDeleted(Event):
    """The version is shown only to those who ask for deleted ones."""

    subject: str
    version: int

    @property
    def key(self) -> str:
        return self.subject


@event("subject.version_purged")
class SubjectVersionPurged(Event):
    """The version is no more."""

    subject: str
    version: int

    @property
    def key(self) -> str:
        return self.subject


@event("subject.version_referenced")
class SubjectVersionReferenced(Event):
    """A version of some subject of the project refers to this one."""

    subject: str
    version: int
    by_subject: str
    by_version: int

    @property
    def key(self) -> str:
        return self.subject


@event("subject.version_released")
class SubjectVersionReleased(Event):
    """What referred to this version does so no more."""

    subject: str
    version: int
    by_subject: str
    by_version: int

    @property
    def key(self) -> str:
        return self.subject


@event("subject.compatibility_set")
class SubjectCompatibilitySet(Event):
    """This is what new versions owe to earlier ones; without a level, what the project says."""

    subject: str
    level: Compatibility | None

    @property
    def key(self) -> str:
        return self.subject


@event("subject.mode_set")
class SubjectModeSet(Event):
    """This is whether the subject takes changes; without a mode, what the project says."""

    subject: str
    mode: Mode | None

    @property
    def key(self) -> str:
        return self.subject


@value
class SubjectVersion:
    """A version that is not purged. `referrers` are the versions that refer to it, as `<subject>:<version>`."""

    version: int
    schema_id: int
    topic: str | None = None
    deleted: bool = False
    referrers: tuple[str, ...] = ()


@value
class Subject:
    """A subject's versions, the first one first, and what is said about it."""

    versions: tuple[SubjectVersion, ...] = ()
    compatibility: Compatibility | None = None
    mode: Mode | None = None

    @property
    def live(self) -> tuple[SubjectVersion, ...]:
        """The versions that are not deleted."""
        return tuple(version for version in self.versions if not version.deleted)

    def find(self, number: int) -> SubjectVersion | None:
        """The version of that number, deleted or not."""
        return next((version for version in self.versions if version.version == number), None)


def subject_name(text: str) -> str:
    """The text as a subject's name; raises Invalid. What looks like a letter of ASCII and is none is none."""
    if not _SUBJECT.fullmatch(text):
        raise Invalid(
            "invalid-subject", f"{text[:80]!r} cannot name a subject: use 1 to 255 of A-Z, a-z, 0-9 and ._:@$+=~-"
        )
    if text.startswith(_PLATFORMS):
        raise Invalid("invalid-subject", f"{text[:80]!r} cannot name a subject: {_PLATFORMS!r} is the platform's")
    return text


def evolve(state: Subject | None, fact: Event) -> Subject:
    """Fold one event."""
    now = state or Subject()
    match fact:
        case SubjectVersionRegistered(version=number, schema_id=schema_id, topic=topic):
            new = SubjectVersion(version=number, schema_id=schema_id, topic=topic)
            return replace(now, versions=(*now.versions, new))
        case SubjectVersionDeleted(version=number):
            return _changed(now, number, deleted=True)
        case SubjectVersionPurged(version=number):
            return replace(now, versions=tuple(one for one in now.versions if one.version != number))
        case SubjectVersionReferenced(version=number, by_subject=subject, by_version=version):
            found = now.find(number)
            return _changed(now, number, referrers=(*(found.referrers if found else ()), f"{subject}:{version}"))
        case SubjectVersionReleased(version=number, by_subject=subject, by_version=version):
            found = now.find(number)
            gone = f"{subject}:{version}"
            return _changed(
                now, number, referrers=tuple(one for one in found.referrers if one != gone) if found else ()
            )
        case SubjectCompatibilitySet(level=level):
            return replace(now, compatibility=level)
        case SubjectModeSet(mode=mode):
            return replace(now, mode=mode)
        case _:
            raise unknown(fact)


def _changed(now: Subject, number: int, **changes: object) -> Subject:
    versions = tuple(replace(one, **changes) if one.version == number else one for one in now.versions)  # type: ignore[arg-type] # named by the callers above
    return replace(now, versions=versions)
