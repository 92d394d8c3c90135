"""What identifies a person beyond the user name: sealed under a key of that person, which erasing them removes."""

import re
from dataclasses import field

from headrace_events.errors import Invalid
from headrace_events.language import Command, Erasure, Event, Home, command, event

_SEALED = re.compile(r"sealed:([a-z0-9-]{1,64}):[A-Za-z0-9_=-]+")
MOST_SEALED = 20_000
SECRET_BYTES = 64


@command("user.make_personal_key")
class MakePersonalKey(Command):
    """The API says: there is something to seal under this person's key. Quiet where there is a key."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@command("user.describe")
class DescribeUser(Command):
    """Say what a person is called, and how they are reached; None for nothing. Both are sealed by the API."""

    user: str
    full_name: str | None = None
    email: str | None = None

    @property
    def key(self) -> str:
        return self.user


@command("user.erase")
class EraseSubject(Command):
    """Remove the key of what identifies the person, for ever; the name stays taken. Quiet where it is done."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("user.personal_key_made", Home.PLATFORM)
class PersonalKeyMade(Event):
    """There is a key on the credentials topic for what identifies the person."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("user.personal_key_stored", Home.CREDENTIALS)
class PersonalKeyStored(Event):
    """The key itself: random, made by the command processor, nowhere else."""

    user: str
    secret: bytes = field(repr=False)

    @property
    def key(self) -> str:
        return place_of(self.user)


@event("user.personal_key_erased", Home.CREDENTIALS)
class PersonalKeyErased(Erasure):
    """Takes the place of the key: what was sealed under it is noise from here on."""

    user: str

    @property
    def key(self) -> str:
        return place_of(self.user)


@event("user.described", Home.PLATFORM)
class UserDescribed(Event):
    """The person is called and reached so; sealed."""

    user: str
    full_name: str | None = None
    email: str | None = None

    @property
    def key(self) -> str:
        return self.user


@event("user.erased", Home.PLATFORM)
class SubjectErased(Event):
    """Nothing but the name is known of the person any more; every projection drops what it shows of them."""

    user: str

    @property
    def key(self) -> str:
        return self.user


def place_of(user: str) -> str:
    """Where the person's key lies on the credentials topic."""
    return f"person/{user}"


def sealed_for(text: str) -> str | None:
    """The person under whose key the text is sealed; None where it is plain."""
    found = _SEALED.fullmatch(text)
    return found[1] if found else None


def must_be_sealed(user: str, **texts: str | None) -> None:
    """Raise Invalid where one of them is plain, or sealed under another person's key."""
    for name, text in texts.items():
        if text is not None and (len(text) > MOST_SEALED or sealed_for(text) != user):
            raise Invalid("not-sealed", f"{name} identifies a person: it comes sealed under that person's key")
