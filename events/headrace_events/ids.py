"""Names and identifiers: who may be called what, and how an id is made so that a retry makes the same one."""

import os
import re
import time
import unicodedata
import uuid
from typing import NewType

from headrace_events.errors import Invalid

UserName = NewType("UserName", str)
ProjectName = NewType("ProjectName", str)
AggregateId = NewType("AggregateId", str)
CommandId = NewType("CommandId", str)
EventId = NewType("EventId", str)
TopicName = NewType("TopicName", str)
Micros = NewType("Micros", int)
"""Microseconds since 1970-01-01T00:00:00Z."""

RESERVED = frozenset({"headrace", "platform", "system", "broker", "admin"})

_PROJECT = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]")
_USER = re.compile(r"[a-z][a-z0-9-]{1,22}[a-z0-9]")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TOPIC = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


def project_name(text: str) -> ProjectName:
    """The text as a project's name. Raises Invalid: a dot would let one project's prefixed ACL match another's."""
    return ProjectName(_checked(text, _PROJECT, "project", "3 to 30 of a-z, 0-9 and '-', a letter first"))


def user_name(text: str) -> UserName:
    """The text as a user's name; raises Invalid."""
    return UserName(_checked(text, _USER, "user", "3 to 24 of a-z, 0-9 and '-', a letter first"))


def object_name(text: str, what: str) -> str:
    """The text as the name of a feature group, column, view, model or deployment; raises Invalid."""
    return _checked(text, _NAME, what, "1 to 63 of a-z, 0-9 and '_', a letter first", reserved=False)


def topic_suffix(text: str) -> str:
    """The text as what follows `<project>.topics.`; raises Invalid."""
    return _checked(text, _TOPIC, "topic", "1 to 100 of a-z, 0-9, '_' and '-'", reserved=False)


def _checked(text: str, pattern: re.Pattern[str], what: str, rule: str, *, reserved: bool = True) -> str:
    if not pattern.fullmatch(text):
        wrong = f"{text!r} cannot name a {what}: use {rule}{_strangers(text)}"
        raise Invalid("invalid-name", wrong, {"what": what, "name": text[:200]})
    if reserved and (text in RESERVED or "--" in text):
        raise Invalid("reserved-name", f"{text!r} is reserved and cannot name a {what}", {"what": what, "name": text})
    return text


def _strangers(text: str) -> str:
    """The first character that is no ASCII, by its name, for it may look like one that is."""
    stranger = next((character for character in text if not character.isascii()), None)
    return f"; {stranger!a} is {unicodedata.name(stranger, 'a character without a name')}" if stranger else ""


def uuid7() -> str:
    """A UUID of version 7 (RFC 9562): ordered by the millisecond it was made in, random after that."""
    milliseconds = time.time_ns() // 1_000_000
    bits = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    bits = (bits & ~(0xF << 76)) | (0x7 << 76)
    bits = (bits & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=bits))


def command_id(text: str) -> CommandId:
    """The text as a command id (any UUID, in canonical form); raises Invalid."""
    try:
        return CommandId(str(uuid.UUID(text)))
    except ValueError:
        raise Invalid("invalid-command-id", f"{text[:80]!r} is not a UUID", {"command_id": text[:80]}) from None


def event_id(command: CommandId, index: int) -> EventId:
    """The id of the event at `index` (0-based) among those that `command` caused."""
    return EventId(str(uuid.uuid5(uuid.UUID(command), str(index))))


def processor_command_id(topic_id: str, partition: int, offset: int, step: str) -> CommandId:
    """The id of the command a processor sends for `step` of a record: the same record gives the same id again."""
    return CommandId(str(uuid.uuid5(uuid.NAMESPACE_OID, f"{topic_id}:{partition}:{offset}:{step}")))
