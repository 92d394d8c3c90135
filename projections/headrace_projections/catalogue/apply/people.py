"""Users, keys, members and certificates."""

from headrace_events.administration import AdministrationFounded, AdministratorJoined, AdministratorLeft
from headrace_events.api_key import ApiKeyIssued, ApiKeyRevoked, ApiKeyUsed
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    CertificateRevoked,
)
from headrace_events.envelope import Recorded
from headrace_events.member import MemberAdded, MemberRemoved, MemberRoleChanged
from headrace_events.user import (
    AdministratorGranted,
    AdministratorWithdrawn,
    Standing,
    UserActivated,
    UserApproved,
    UserCreated,
    UserDeactivated,
    UserRegistered,
    UserRejected,
)
from headrace_projections.catalogue.apply.handlers import authored, on, project_of, stamped
from headrace_projections.changes import Change, Delete, Update, Upsert, Values


@on(AdministrationFounded)
def found(event: AdministrationFounded, at: Recorded) -> list[Change]:
    """Change no table but the feed: the founder is shown as an administrator by `user.created`, which follows."""
    return []


@on(UserCreated)
def list_user(event: UserCreated, at: Recorded) -> list[Change]:
    """Show the person."""
    row = {"administrator": event.administrator, **stamped("created", at), **_standing(Standing.ACTIVE, at)}
    return [Upsert("users", {"user_name": event.user}, row)]


@on(UserRegistered)
def list_registration(event: UserRegistered, at: Recorded) -> list[Change]:
    """Show the person, who waits."""
    row = {"administrator": False, **stamped("created", at), **_standing(Standing.PENDING, at)}
    return [Upsert("users", {"user_name": event.user}, row)]


@on(UserApproved)
def let_in(event: UserApproved, at: Recorded) -> list[Change]:
    """Show the person as active."""
    return [Update("users", {"user_name": event.user}, _standing(Standing.ACTIVE, at))]


@on(UserActivated)
def let_in_again(event: UserActivated, at: Recorded) -> list[Change]:
    """Show the person as active again."""
    return [Update("users", {"user_name": event.user}, _standing(Standing.ACTIVE, at))]


@on(UserRejected)
def turn_away(event: UserRejected, at: Recorded) -> list[Change]:
    """Show the person as rejected, and why; the password they came with is forgotten."""
    row = {**_standing(Standing.REJECTED, at, event.reason), "password": False}
    return [Update("users", {"user_name": event.user}, row)]


@on(UserDeactivated)
def shut_out(event: UserDeactivated, at: Recorded) -> list[Change]:
    """Show the person as deactivated, and why."""
    return [Update("users", {"user_name": event.user}, _standing(Standing.DEACTIVATED, at, event.reason))]


@on(AdministratorGranted)
def raise_to_administrator(event: AdministratorGranted, at: Recorded) -> list[Change]:
    """Show the person as an administrator."""
    return [Update("users", {"user_name": event.user}, {"administrator": True})]


@on(AdministratorWithdrawn)
def lower_from_administrator(event: AdministratorWithdrawn, at: Recorded) -> list[Change]:
    """Show the person as no administrator."""
    return [Update("users", {"user_name": event.user}, {"administrator": False})]


@on(AdministratorJoined)
def join_administrators(event: AdministratorJoined, at: Recorded) -> list[Change]:
    """Change no table but the feed: the person's own event says the same."""
    return []


@on(AdministratorLeft)
def leave_administrators(event: AdministratorLeft, at: Recorded) -> list[Change]:
    """Change no table but the feed: the person's own event says the same."""
    return []


def _standing(standing: Standing, at: Recorded, reason: str = "") -> Values:
    return {"standing": standing.value, "reason": reason, **authored("standing", at)}


@on(ApiKeyIssued)
def list_key(event: ApiKeyIssued, at: Recorded) -> list[Change]:
    """Show the key among its owner's."""
    row = {
        "user_name": event.user,
        "project": event.project,
        "name": event.name,
        "scopes": None if event.scopes is None else [scope.value for scope in event.scopes],
        "expires": event.expires,
        **stamped("issued", at),
    }
    return [Upsert("api_keys", {"key_id": event.key_id}, row)]


@on(ApiKeyUsed)
def use_key(event: ApiKeyUsed, at: Recorded) -> list[Change]:
    """Show the day the key was last used."""
    return [Update("api_keys", {"key_id": event.key_id}, {"used": event.used})]


@on(ApiKeyRevoked)
def strike_key(event: ApiKeyRevoked, at: Recorded) -> list[Change]:
    """Show the key as revoked."""
    return [Update("api_keys", {"key_id": event.key_id}, {"revoked": True, **stamped("revoked", at)})]


def _member(at: Recorded, user: str) -> Values:
    return {"project": project_of(at), "user_name": user}


@on(MemberAdded)
def list_member(event: MemberAdded, at: Recorded) -> list[Change]:
    """Show the member, who belongs from here on."""
    row = {"role": event.role.value, **stamped("since", at), **stamped("role", at)}
    return [Upsert("members", _member(at, event.user), row)]


@on(MemberRoleChanged)
def change_role(event: MemberRoleChanged, at: Recorded) -> list[Change]:
    """Show the new role."""
    return [Update("members", _member(at, event.user), {"role": event.role.value, **stamped("role", at)})]


@on(MemberRemoved)
def strike_member(event: MemberRemoved, at: Recorded) -> list[Change]:
    """Show the person no more among the members."""
    return [Delete("members", _member(at, event.user))]


def _generation(at: Recorded, user: str, generation: int) -> Values:
    return {"project": project_of(at), "user_name": user, "generation": generation}


@on(CertificateRequested)
def request_certificate(event: CertificateRequested, at: Recorded) -> list[Change]:
    """Show that the generation waits for its certificate."""
    run = event.run
    row = {
        "state": "requested",
        "replaces": event.replaces,
        "run": run and f"{run.study}/{run.trial}",
        "rung": run and run.rung,
        **stamped("requested", at),
        **stamped("state", at),
    }
    return [Upsert("certificates", _generation(at, event.user, event.generation), row)]


@on(CertificateIssued)
def issue_certificate(event: CertificateIssued, at: Recorded) -> list[Change]:
    """Show the certificate."""
    row = {
        "state": "issued",
        "certificate": event.certificate,
        "serial": event.serial,
        "begins": event.begins,
        "expires": event.expires,
        "authority": event.authority,
        **stamped("state", at),
    }
    return [Update("certificates", _generation(at, event.user, event.generation), row)]


@on(CertificateRejected)
def reject_certificate(event: CertificateRejected, at: Recorded) -> list[Change]:
    """Show why there is no certificate."""
    row = {"state": "rejected", "reason": event.reason, **stamped("state", at)}
    return [Update("certificates", _generation(at, event.user, event.generation), row)]


@on(CertificateRevoked)
def revoke_certificate(event: CertificateRevoked, at: Recorded) -> list[Change]:
    """Show the certificate as revoked, and why."""
    row = {"state": "revoked", "reason": event.reason.value, **stamped("state", at)}
    return [Update("certificates", _generation(at, event.user, event.generation), row)]
