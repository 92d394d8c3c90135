"""Credentials at rest: AES-256-GCM under keys derived from the platform's master key."""

import base64
import hmac
import os
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from headrace_schemas.errors import Undecodable


@dataclass(frozen=True, slots=True)
class MasterKey:
    """32 random bytes that never enter the log."""

    secret: bytes

    @classmethod
    def read(cls, path: Path) -> "MasterKey":
        """Read base64 text from a file; raises ValueError unless it holds 32 bytes."""
        secret = base64.b64decode(path.read_text())
        if len(secret) != 32:
            raise ValueError(f"{path} does not hold a master key of 32 bytes")
        return cls(secret)

    def fingerprint(self, content: bytes) -> str:
        """A keyed hash, hexadecimal: equal content gives equal text, and the text tells nothing of the content."""
        return hmac.new(_derived(self.secret, "headrace requests"), content, sha256).hexdigest()

    def seal(self, body: bytes, bound_to: bytes) -> tuple[bytes, bytes]:
        """The nonce and the encrypted body; it opens only with the same `bound_to`."""
        nonce = os.urandom(12)
        return nonce, AESGCM(_derived(self.secret, "headrace credentials")).encrypt(nonce, body, bound_to)

    def wrap(self, body: bytes, bound_to: bytes) -> bytes:
        """The body encrypted, in one piece; the same body bound to the same gives the same bytes."""
        key = _derived(self.secret, "headrace wrapped")
        nonce = hmac.new(_derived(self.secret, "headrace nonces"), bound_to + b"\0" + body, sha256).digest()[:12]
        return nonce + AESGCM(key).encrypt(nonce, body, bound_to)

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """The plain body of `wrap`; raises Undecodable where key, body or `bound_to` is another."""
        try:
            return AESGCM(_derived(self.secret, "headrace wrapped")).decrypt(wrapped[:12], wrapped[12:], bound_to)
        except (InvalidTag, ValueError) as error:
            raise Undecodable("a wrapped secret does not open with this master key") from error

    def open(self, nonce: bytes, body: bytes, bound_to: bytes) -> bytes:
        """The plain body; raises Undecodable where key, body or `bound_to` is another."""
        try:
            return AESGCM(_derived(self.secret, "headrace credentials")).decrypt(nonce, body, bound_to)
        except InvalidTag as error:
            raise Undecodable("a sealed credential does not open with this master key") from error


@cache
def _derived(secret: bytes, purpose: str) -> bytes:
    """The key for one purpose; derived once, for every command is hashed with one."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret)
