"""One sign-in on its way through the browser: what is kept of it, sealed, in a cookie and in a code."""

import base64
import binascii
import hmac
import secrets
import uuid
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from pydantic import TypeAdapter

from headrace_api.identities.proven import Proven
from headrace_api.oidc.errors import NotProved
from headrace_broker.sealing import MasterKey
from headrace_events.ids import CommandId, Micros
from headrace_schemas.errors import Undecodable

FLOW_US = 10 * 60 * 1_000_000
"""How long somebody may take at the provider."""
CODE_US = 2 * 60 * 1_000_000
"""How long a program may take to show the code that its loopback address was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loopback:
    """A program on the browser's machine that waits at a port; `challenge` is of a verifier that only it knows."""

    port: int
    state: str
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sign-in that has begun. It lies in the browser's cookie, where only this platform can read or make it."""

    id: CommandId
    state: str
    nonce: str
    verifier: str
    expires: Micros
    to: str | None = None
    loopback: Loopback | None = None

    @property
    def provider_challenge(self) -> str:
        """What the provider compares the verifier with (RFC 7636)."""
        return challenge_of(self.verifier)

    def sealed(self, master: MasterKey) -> str:
        """As the cookie holds it."""
        return _sealed(master, "flow", _FLOW.dump_json(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Somebody who was proved, for the program whose challenge it is; `id` is that of the one session it can begin."""

    id: CommandId
    proven: Proven
    challenge: str
    expires: Micros

    def sealed(self, master: MasterKey) -> str:
        """As the loopback address gets it."""
        return _sealed(master, "code", _CODE.dump_json(self))


T = TypeVar("T", Flow, Code)
_FLOW = TypeAdapter(Flow)
_CODE = TypeAdapter(Code)


def begun(now: Micros, *, to: str | None = None, loopback: Loopback | None = None) -> Flow:
    """A flow that nobody can guess."""
    return Flow(
        id=CommandId(str(uuid.uuid4())),
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        expires=Micros(now + FLOW_US),
        to=to,
        loopback=loopback,
    )


def flow_in(cookie: str | None, state: str | None, master: MasterKey, now: Micros) -> Flow:
    """The flow that this browser began and the provider answers; raises NotProved."""
    if cookie is None:
        raise _over("this browser began no sign-in here")
    flow = _FLOW.validate_json(_opened(master, "flow", cookie))
    if state is None or not hmac.compare_digest(state.encode(), flow.state.encode()):
        raise _over("the answer belongs to another sign-in than this browser's last")
    return _in_time(flow, now)


def code_in(text: str, verifier: str, master: MasterKey, now: Micros) -> Code:
    """The code that a program shows, if it is its own; raises NotProved."""
    code = _CODE.validate_json(_opened(master, "code", text))
    if not hmac.compare_digest(challenge_of(verifier).encode(), code.challenge.encode()):
        raise _over("the code was given to another program")
    return _in_time(code, now)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _in_time(held: T, now: Micros) -> T:
    if held.expires <= now:
        raise _over("it took too long")
    return held


def _over(why: str) -> NotProved:
    return NotProved("sign-in-over", f"{why}: begin again")


def _sealed(master: MasterKey, kind: str, body: bytes) -> str:
    wrapped = master.wrap(body, f"oidc {kind}".encode())
    return base64.urlsafe_b64encode(wrapped).rstrip(b"=").decode()


def _opened(master: MasterKey, kind: str, text: str) -> bytes:
    try:
        wrapped = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return master.unwrap(wrapped, f"oidc {kind}".encode())
    except (binascii.Error, ValueError, Undecodable):
        raise _over("what was sent is nothing this platform gave out") from None
