"""From a directory's password to a session; wrong tries lock the entry, however its name was typed."""

from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from headrace_api.audit.trail import address_of
from headrace_api.context import Context
from headrace_api.identities.admission import person_of
from headrace_api.identities.proven import Proven, counted_as
from headrace_api.ldap.errors import NotKnownThere
from headrace_api.ldap.models import DirectorySignIn
from headrace_api.sessions.signing_in import (
    Session,
    count_failure,
    must_not_be_locked,
    named,
    prove_code,
    start,
    tell_started,
)

if TYPE_CHECKING:
    from headrace_api.ldap.directory import Directory  # which takes what only the extra `ldap` installs


async def sign_in(context: Context, directory: "Directory", wish: DirectorySignIn, request: HTTPConnection) -> Session:
    """A new session; raises as `sessions.signing_in.sign_in` does, and DirectoryUnavailable."""
    address = address_of(request)
    request.state.tried = "session.start", named(context, wish.user)
    context.doors.must_not_be_crowded(address)
    proven = await prove_there(context, directory, wish.user, wish.password, address)
    user = await person_of(context, proven, request)
    request.state.tried = "session.start", f"user/{user}"
    async with context.doors.turn(user):
        must_not_be_locked(context, user)
        factor = await prove_code(context, user, wish.code, address)
        session = await start(context, user, "ldap", factor)
    context.doors.attempts.forgive(counted_as(proven.identity))
    tell_started(context, session, address, by="ldap", provider=proven.provider, factor=factor.kind)
    return session


async def prove_there(
    context: Context, directory: "Directory", name: str, password: str, address: str | None
) -> Proven:
    """Who it is, one try at a time for each entry; raises NotKnownThere, TooMany, NotAllowed, DirectoryUnavailable.

    The directory may take many names for the same, so failures are counted under what it finds. They are apart from
    those of people here, and so are the turns: who waits for the directory holds up nobody who does not ask it.
    """
    with directory.admitted():
        entry = await directory.found(name)
        key = counted_as(directory.identity(entry) if entry is not None else " ".join(name.casefold().split()))
        async with directory.turns.of(key):
            must_not_be_locked(context, key)
            try:
                return await directory.proven(entry, password)
            except NotKnownThere:
                await count_failure(context, key, address)
                raise
