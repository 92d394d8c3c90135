"""One-time codes (RFC 6238: SHA-1, 30 s, six digits) and the recovery codes that stand in for them."""

import base64
import hmac
from dataclasses import dataclass, field
from hashlib import sha256

import pyotp

from headrace_broker.sealing import MasterKey
from headrace_events.ids import CommandId
from headrace_events.totp import TotpStored

STEP_S = 30
RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Which code was right: the time step of a one-time code, or the recovery code's name."""

    step: int | None = None
    recovery: str | None = None

    @property
    def kind(self) -> str:
        """As the audit trail tells it."""
        return "recovery code" if self.recovery else "code" if self.step else "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What an authenticator app and the API share."""

    user: str
    secret: str = field(repr=False)

    @property
    def uri(self) -> str:
        """What the app reads, as a QR code or text."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=self.user, issuer_name="Headrace")

    def step_of(self, code: str, seconds: float) -> int | None:
        """The time step whose code it is: the present one, the one before or the one after; None if of none."""
        codes = pyotp.TOTP(self.secret)
        now = int(seconds) // STEP_S
        shown = code.encode()
        right = [
            step for step in (now - 1, now, now + 1) if hmac.compare_digest(codes.at(step * STEP_S).encode(), shown)
        ]
        return right[-1] if right else None

    def sealed(self, master: MasterKey) -> bytes:
        """What a command may carry."""
        return master.wrap(self.secret.encode(), _bound(self.user))


def seed_of(stored: TotpStored, master: MasterKey) -> Seed:
    """The seed that was stored."""
    return Seed(user=stored.user, secret=master.unwrap(stored.sealed, _bound(stored.user)).decode())


def new_seed(user: str, master: MasterKey, command: CommandId) -> Seed:
    """The seed that belongs to the person's command: 160 bits that only the master key tells from random ones."""
    bits = bytes.fromhex(master.fingerprint(f"totp seed of {user} by {command}".encode()))[:20]
    return Seed(user=user, secret=base64.b32encode(bits).decode())


def recovery_codes(user: str, master: MasterKey, command: CommandId) -> list[str]:
    """The codes that belong to the person's command, of 80 bits each, in groups of four letters and digits."""
    made = []
    for number in range(RECOVERY_CODES):
        bits = bytes.fromhex(master.fingerprint(f"recovery code {number} of {user} by {command}".encode()))[:10]
        text = base64.b32encode(bits).decode().lower()
        made.append("-".join(text[start : start + 4] for start in range(0, 16, 4)))
    return made


def recovery_hash(code: str) -> str:
    """Hexadecimal SHA-256 of a recovery code, whatever its hyphens and capitals."""
    return sha256("".join(code.split()).replace("-", "").lower().encode()).hexdigest()


def factor_of(stored: TotpStored, code: str, master: MasterKey, seconds: float) -> Factor | None:
    """Which of the person's codes it is, or None."""
    step = seed_of(stored, master).step_of("".join(code.split()), seconds)
    if step is not None:
        return Factor(step=step)
    hashed = recovery_hash(code)
    return Factor(recovery=hashed[:20]) if hashed in stored.recovery else None


def _bound(user: str) -> bytes:
    return f"totp/{user}".encode()
