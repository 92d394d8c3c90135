"""The authorities: which signs, which are believed, and what they have taken back."""

from headrace_events.authority import (
    AuthorityAdded,
    AuthorityRetired,
    AuthorityRetirementRequested,
    AuthorityRotationRequested,
)
from headrace_events.envelope import Recorded
from headrace_events.revocation_list import RevocationListPublished
from headrace_projections.catalogue.apply.handlers import authored, on
from headrace_projections.changes import Change, Upsert


@on(AuthorityRotationRequested)
def await_authority(event: AuthorityRotationRequested, at: Recorded) -> list[Change]:
    """Show the authority that is being made, beside the one that signs."""
    return [_stands(event.authority - 1, "signing", at), _stands(event.authority, "coming", at)]


@on(AuthorityAdded)
def let_sign(event: AuthorityAdded, at: Recorded) -> list[Change]:
    """Show that it signs, and the one before is believed."""
    row = {"certificate": event.certificate, "overlaps_until": event.overlaps_until}
    return [
        _stands(event.authority - 1, "believed", at),
        Upsert("authorities", {"authority": event.authority}, {**row, "state": "signing", **authored("state", at)}),
    ]


@on(AuthorityRetirementRequested)
def let_go(event: AuthorityRetirementRequested, at: Recorded) -> list[Change]:
    """Show that it is being retired."""
    return [_stands(event.authority, "going", at)]


@on(AuthorityRetired)
def retire(event: AuthorityRetired, at: Recorded) -> list[Change]:
    """Show that it is believed no more."""
    return [_stands(event.authority, "retired", at)]


@on(RevocationListPublished)
def publish_revocations(event: RevocationListPublished, at: Recorded) -> list[Change]:
    """Change no table but the feed: each certificate's own event says the same."""
    return []


def _stands(authority: int, state: str, at: Recorded) -> Change:
    return Upsert("authorities", {"authority": authority}, {"state": state, **authored("state", at)})
