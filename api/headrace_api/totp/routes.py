"""One-time codes beside the password."""

import time

from fastapi import APIRouter, Request

from headrace_api.audit.trail import address_of
from headrace_api.errors import Missing, NotAllowed, Unauthenticated
from headrace_api.followed import until_held
from headrace_api.sending import Accepted, PlatformSending
from headrace_api.sessions.signing_in import prove_again
from headrace_api.totp.codes import new_seed, recovery_codes, recovery_hash, seed_of
from headrace_api.totp.models import Code, Confirmed, Enrolled, Removal
from headrace_events.scopes import Scope
from headrace_events.totp import ConfirmTotp, EnrolTotp, RemoveTotp, TotpStored

router = APIRouter(prefix="/api", tags=["one-time codes"])


@router.post("/totp", status_code=201, summary="Begin with one-time codes")
async def enrol(sending: PlatformSending) -> Enrolled:
    """Get a seed for an authenticator app. Nothing is asked for yet: confirm with a code of it."""
    seed = new_seed(sending.actor.user, sending.context.master, sending.id)
    accepted = await sending.send(EnrolTotp(user=seed.user, sealed=seed.sealed(sending.context.master)))
    context, key = sending.context, f"totp/{seed.user}"
    await until_held(context.credentials, TotpStored, key, lambda stored: seed_of(stored, context.master) == seed)
    return Enrolled(**accepted.model_dump(), secret=seed.secret, uri=seed.uri)


@router.post("/totp/confirmation", summary="Confirm one-time codes")
async def confirm(body: Code, sending: PlatformSending) -> Confirmed:
    """Show a code of the new seed; from here on the password alone does not sign in."""
    context, user = sending.context, sending.actor.user
    sending.actor.must_have(Scope.ACCOUNT)
    stored = context.credentials.held(TotpStored, f"totp/{user}")
    if stored is None:
        raise Missing("one-time code", user)
    step = seed_of(stored, context.master).step_of(body.code, time.time())
    if step is None:
        raise Unauthenticated("wrong-code", "the code is wrong or over: send the one shown now")
    codes = recovery_codes(user, context.master, sending.id)
    hashes = tuple(recovery_hash(code) for code in codes)
    accepted = await sending.send(ConfirmTotp(user=user, sealed=stored.sealed, recovery=hashes, totp_step=step))
    await until_held(context.credentials, TotpStored, stored.key, lambda stored: stored.confirmed)
    return Confirmed(**accepted.model_dump(), recovery_codes=codes)


@router.post("/totp/removal", summary="Remove one-time codes")
async def remove(body: Removal, sending: PlatformSending, request: Request) -> Accepted:
    """Let the password alone sign in again, or whatever else the person signs in with."""
    context, user, address = sending.context, sending.actor.user, address_of(request)
    sending.actor.must_have(Scope.ACCOUNT)
    context.doors.must_not_be_crowded(address)
    factor = await prove_again(context, user, body.password, body.code, address)
    if context.credentials.held(TotpStored, f"totp/{user}") is None:
        raise Missing("one-time code", user)
    return await sending.send(RemoveTotp(user=user, totp_step=factor.step, recovery=factor.recovery))


@router.delete("/users/{user}/totp", summary="Remove somebody's one-time codes")
async def remove_of(user: str, sending: PlatformSending) -> Accepted:
    """For administrators, where a person has lost app and recovery codes; one's own are removed with proof."""
    sending.actor.must_have(Scope.ADMIN)
    if user == sending.actor.user:
        raise NotAllowed(
            "proof-missing", "remove your own by /api/totp/removal, with a code, and the password if there is one"
        )
    return await sending.send(RemoveTotp(user=user))
