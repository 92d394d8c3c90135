"""One-time codes as a second factor beside the password (RFC 6238): enrolled, confirmed, removed."""

from dataclasses import replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Conflict, Forbidden, Invalid
from headrace_events.language import Command, Erasure, Event, Home, command, event, value
from headrace_events.user import may_act_for, must_be_active


@command("totp.enrol")
class EnrolTotp(Command):
    """Begin with a new seed, encrypted by the API; it counts once a code of it has been shown."""

    user: str
    sealed: bytes

    @property
    def key(self) -> str:
        return self.user


@command("totp.confirm")
class ConfirmTotp(Command):
    """The API has seen a code of the enrolled seed: from now on the password alone does not sign in.

    `recovery` are hexadecimal SHA-256 of codes that stand in for one-time codes, once each; `totp_step` is the time
    step of the code seen.
    """

    user: str
    sealed: bytes
    recovery: tuple[str, ...]
    totp_step: int | None = None

    @property
    def key(self) -> str:
        return self.user


@command("totp.remove")
class RemoveTotp(Command):
    """Let the password alone sign in again. The person shows a code, as in StartSession; an administrator none."""

    user: str
    totp_step: int | None = None
    recovery: str | None = None

    @property
    def key(self) -> str:
        return self.user


@event("totp.enrolled", Home.PLATFORM)
class TotpEnrolled(Event):
    """The person has been shown a seed."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("totp.confirmed", Home.PLATFORM)
class TotpConfirmed(Event):
    """Signing in with the password takes a one-time code too."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("totp.removed", Home.PLATFORM)
class TotpRemoved(Event):
    """The password alone signs in again."""

    user: str

    @property
    def key(self) -> str:
        return self.user


@event("totp.code_spent", Home.PLATFORM)
class CodeSpent(Event):
    """The code of that time step, and those before it, or the recovery code of that name, counts no more."""

    user: str
    totp_step: int | None = None
    recovery: str | None = None

    @property
    def key(self) -> str:
        return self.user


@event("totp.stored", Home.CREDENTIALS)
class TotpStored(Event):
    """What the API checks codes with; not confirmed, it is only what the person was shown."""

    user: str
    sealed: bytes
    confirmed: bool
    recovery: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"totp/{self.user}"


@event("totp.erased", Home.CREDENTIALS)
class TotpErased(Erasure):
    """Takes the place of the seed."""

    user: str

    @property
    def key(self) -> str:
        return f"totp/{self.user}"


@value
class Totp:
    """Whether one-time codes are begun or asked for, and which of the seed's codes were shown."""

    confirmed: bool
    enrolled: bool
    totp_step: int = -1
    recovered: tuple[str, ...] = ()


def spent(user: str, totp_step: int | None, recovery: str | None, known: Known) -> list[Event]:
    """The event that the code shown counts no more, if one was; raises Forbidden where it was shown before."""
    if totp_step is None and recovery is None:
        return []
    held = known.state(Totp, None, user)
    if held is not None and ((totp_step is not None and totp_step <= held.totp_step) or recovery in held.recovered):
        raise Forbidden("code-used", "this code has been used: wait for the next one")
    return [CodeSpent(user=user, totp_step=totp_step, recovery=recovery)]


def decide(state: Totp | None, wish: Command, known: Known) -> list[Event]:
    """A confirmed seed changes only by being removed first."""
    now = state or Totp(confirmed=False, enrolled=False)
    match wish:
        case EnrolTotp(user=user, sealed=sealed):
            must_be_active(user, known)
            _own(user, known)
            _not_confirmed(now, user)
            return [TotpEnrolled(user=user), TotpStored(user=user, sealed=sealed, confirmed=False)]
        case ConfirmTotp(user=user, sealed=sealed, recovery=recovery):
            _own(user, known)
            _not_confirmed(now, user)
            if not now.enrolled:
                raise Conflict("totp-not-enrolled", f"{user!r} has not begun with one-time codes: enrol first")
            if any(len(one) != 64 for one in recovery):
                raise Invalid("invalid-recovery-code", "a recovery code's hash is 64 hexadecimal digits of SHA-256")
            return [
                *spent(user, wish.totp_step, None, known),
                TotpConfirmed(user=user),
                TotpStored(user=user, sealed=sealed, confirmed=True, recovery=recovery),
            ]
        case RemoveTotp(user=user):
            _own(user, known, or_administrator=True)
            if not (now.enrolled or now.confirmed):
                raise Conflict("totp-not-enrolled", f"{user!r} uses no one-time codes")
            shown = spent(user, wish.totp_step, wish.recovery, known)
            return [*shown, TotpRemoved(user=user), TotpErased(user=user)]
        case _:
            raise unknown(wish)


def _not_confirmed(now: Totp, user: str) -> None:
    if now.confirmed:
        raise Conflict("totp-confirmed", f"{user!r} uses one-time codes: remove them before beginning anew")


def _own(user: str, known: Known, *, or_administrator: bool = False) -> None:
    if not (may_act_for(user, known) if or_administrator else known.actor == f"user:{user}"):
        raise Forbidden("not-your-codes", "one-time codes are the person's own business; an administrator removes them")


def evolve(state: Totp | None, fact: Event) -> Totp:
    """Fold one event."""
    now = state or Totp(confirmed=False, enrolled=False)
    match fact:
        case TotpEnrolled():
            return Totp(confirmed=False, enrolled=True)
        case TotpConfirmed():
            return replace(now, confirmed=True, enrolled=True)
        case CodeSpent(totp_step=step, recovery=recovery):
            return replace(
                now,
                totp_step=now.totp_step if step is None else step,
                recovered=now.recovered if recovery is None else (*now.recovered, recovery),
            )
        case TotpRemoved():
            return Totp(confirmed=False, enrolled=False)
        case _:
            raise unknown(fact)


aggregate("totp", Totp, decide=decide, evolve=evolve)
