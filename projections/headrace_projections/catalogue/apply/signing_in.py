"""What people sign in with, as far as it may be shown."""

from headrace_events.envelope import Recorded
from headrace_events.identity import IdentityFreed, IdentityLinked, IdentityTaken, IdentityUnlinked
from headrace_events.password import PasswordChanged, PasswordLocked, PasswordUnlocked
from headrace_events.session import SessionEnded, SessionStarted
from headrace_events.totp import CodeSpent, TotpConfirmed, TotpEnrolled, TotpRemoved
from headrace_projections.catalogue.apply.handlers import on
from headrace_projections.changes import Change, Update


@on(PasswordChanged)
def change_password(event: PasswordChanged, at: Recorded) -> list[Change]:
    """Show that there is a password, and until when if it is temporary."""
    return [Update("users", {"user_name": event.user}, {"password": True, "temporary_until": event.temporary_until})]


@on(PasswordLocked)
def lock_password(event: PasswordLocked, at: Recorded) -> list[Change]:
    """Show until when the password does not count."""
    return [Update("users", {"user_name": event.user}, {"locked_until": event.until})]


@on(PasswordUnlocked)
def unlock_password(event: PasswordUnlocked, at: Recorded) -> list[Change]:
    """Show that the password counts."""
    return [Update("users", {"user_name": event.user}, {"locked_until": None})]


@on(TotpConfirmed)
def ask_for_codes(event: TotpConfirmed, at: Recorded) -> list[Change]:
    """Show that one-time codes are asked for."""
    return [Update("users", {"user_name": event.user}, {"totp": True})]


@on(TotpRemoved)
def ask_for_no_codes(event: TotpRemoved, at: Recorded) -> list[Change]:
    """Show that the password alone signs in."""
    return [Update("users", {"user_name": event.user}, {"totp": False})]


@on(TotpEnrolled)
def begin_with_codes(event: TotpEnrolled, at: Recorded) -> list[Change]:
    """Change no table but the feed: a seed that is not confirmed asks for nothing."""
    return []


@on(CodeSpent)
def spend_code(event: CodeSpent, at: Recorded) -> list[Change]:
    """Change no table but the feed: the command processor knows which codes were shown."""
    return []


@on(SessionStarted)
def sign_in(event: SessionStarted, at: Recorded) -> list[Change]:
    """Change no table but the feed: the API knows who is signed in."""
    return []


@on(SessionEnded)
def sign_out(event: SessionEnded, at: Recorded) -> list[Change]:
    """Change no table but the feed: the API knows who is signed in."""
    return []


@on(IdentityLinked)
def link_identity(event: IdentityLinked, at: Recorded) -> list[Change]:
    """Change no table but the feed: the API knows whose an identity is."""
    return []


@on(IdentityUnlinked)
def unlink_identity(event: IdentityUnlinked, at: Recorded) -> list[Change]:
    """Change no table but the feed: the API knows whose an identity is."""
    return []


@on(IdentityTaken)
def take_identity(event: IdentityTaken, at: Recorded) -> list[Change]:
    """Change no table but the feed: the command processor knows whose an identity is."""
    return []


@on(IdentityFreed)
def free_identity(event: IdentityFreed, at: Recorded) -> list[Change]:
    """Change no table but the feed: the command processor knows whose an identity is."""
    return []
