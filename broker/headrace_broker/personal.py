"""What identifies a person, sealed and opened under that person's key (AES-SIV, RFC 5297).

Equal texts of one person give equal sealed texts, so that they can be counted without being read; those of two persons
never do. Who has no key any more shows as ERASED.
"""

import base64
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from headrace_broker.credentials import Credentials
from headrace_events.personal import PersonalKeyStored, place_of, sealed_for
from headrace_schemas.errors import Undecodable

ERASED = "erased"
"""What is shown in place of what nobody can open any more."""


@dataclass(frozen=True, slots=True)
class PersonalKey:
    """The key of one person."""

    user: str
    secret: bytes = field(repr=False)

    def seal(self, text: str) -> str:
        """The text as it may go into the log."""
        body = AESSIV(self.secret).encrypt(text.encode(), [self.user.encode()])
        return f"sealed:{self.user}:{base64.urlsafe_b64encode(body).decode()}"

    def open(self, sealed: str) -> str:
        """The plain text; raises Undecodable where it was not sealed so."""
        body = base64.urlsafe_b64decode(sealed.rpartition(":")[2])
        try:
            return AESSIV(self.secret).decrypt(body, [self.user.encode()]).decode()
        except InvalidTag as error:
            raise Undecodable(f"what is sealed for {self.user!r} does not open with their key") from error


def key_of(user: str, credentials: Credentials) -> PersonalKey | None:
    """The person's key; None where there is none yet, or none any more."""
    stored = credentials.held(PersonalKeyStored, place_of(user))
    return PersonalKey(user, stored.secret) if stored is not None else None


def shown(text: str, credentials: Credentials) -> str:
    """The text opened; as it is where it is plain, ERASED where its key is gone. Raises Undecodable."""
    user = sealed_for(text)
    if user is None:
        return text
    key = key_of(user, credentials)
    return ERASED if key is None else key.open(text)
