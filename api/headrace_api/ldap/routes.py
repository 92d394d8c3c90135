"""Signing in with the directory's password."""

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from headrace_api.audit.trail import address_of
from headrace_api.context import Context, Here
from headrace_api.identities.linking import link_to
from headrace_api.ldap.errors import NoDirectory
from headrace_api.ldap.models import DirectoryIdentity, DirectoryShown, DirectorySignIn
from headrace_api.ldap.signing_in import prove_there, sign_in
from headrace_api.sending import Accepted, PlatformSending
from headrace_api.sessions.models import SignedIn
from headrace_api.sessions.routes import told

if TYPE_CHECKING:
    from headrace_api.ldap.directory import Directory  # which takes what only the extra `ldap` installs

router = APIRouter(prefix="/api", tags=["directory"])


@router.get("/ldap", summary="The directory people sign in with")
async def directory(context: Here) -> DirectoryShown:
    """The directory of this platform's people, if there is one."""
    return DirectoryShown(provider=_directory(context).settings.provider)


@router.post("/ldap/sessions", status_code=201, summary="Sign in with the directory's password")
async def begin(body: DirectorySignIn, context: Here, request: Request, response: Response) -> SignedIn:
    """Begin a session with a name and a password of the directory, and a one-time code where the person uses them."""
    session = await sign_in(context, _directory(context), body, request)
    return told(session, response, context, cookie=body.cookie)


@router.post("/identities/directory", status_code=201, summary="Link one's entry in the directory")
async def link(body: DirectoryIdentity, sending: PlatformSending, request: Request) -> Accepted:
    """Let one's name and password in the directory sign in as oneself.

    The password of Headrace has to be shown, and a one-time code, by who has them; it takes a session, or a key
    without limits.
    """
    context, address = sending.context, address_of(request)
    sending.actor.must_not_be_narrowed()
    found = _directory(context)
    context.doors.must_not_be_crowded(address)
    proven = await prove_there(context, found, body.user, body.password, address)
    return await link_to(sending, proven, request, password=body.current, code=body.code)


def _directory(context: Context) -> "Directory":
    if context.directory is None:
        raise NoDirectory
    return context.directory
