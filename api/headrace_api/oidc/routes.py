"""Single sign-on in a browser, for itself or for a program that waits on the same machine."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from headrace_api.audit.trail import address_of
from headrace_api.context import Context, Here
from headrace_api.errors import ApiError, Unprocessable
from headrace_api.kinds import of_kind
from headrace_api.oidc.errors import NotProved, NotSetUp
from headrace_api.oidc.flow import CODE_US, Code, Flow, Loopback, begun, code_in, flow_in
from headrace_api.oidc.models import Challenge, FromProvider, Port, ProgramState, ShownCode, SingleSignOn, To
from headrace_api.oidc.page import signed_in_page
from headrace_api.oidc.people import proven_by
from headrace_api.oidc.provider import Provider
from headrace_api.oidc.signing_in import begin
from headrace_api.sessions.doors import this_moment
from headrace_api.sessions.models import SignedIn
from headrace_api.sessions.routes import told
from headrace_events.errors import Refusal
from headrace_events.ids import Micros

router = APIRouter(prefix="/api/oidc", tags=["single sign-on"])

COOKIE = "headrace_sign_in"
PATH = "/api/oidc"


async def _provider(context: Here) -> Provider:
    if context.oidc is None:
        raise NotSetUp
    return context.oidc


Asked = Annotated[Provider, Depends(_provider)]


@router.get("", summary="Where people sign in")
async def single_sign_on(provider: Asked) -> SingleSignOn:
    """The provider of this platform's people, if there is one."""
    return SingleSignOn(issuer=provider.settings.issuer, start=f"{provider.url}{PATH}/sign-in")


@router.get("/sign-in", status_code=303, response_class=RedirectResponse, summary="Begin to sign in")
async def sign_in(
    context: Here,
    provider: Asked,
    *,
    port: Port = None,
    state: ProgramState = None,
    challenge: Challenge = None,
    to: To = None,
) -> RedirectResponse:
    """Send the browser to the provider; a program gives `port`, `state` and `challenge`, a page perhaps `to`."""
    loopback = None
    if port is not None and state is not None and challenge is not None:
        loopback = Loopback(port=port, state=state, challenge=challenge)
    elif (port, state, challenge) != (None, None, None):
        raise Unprocessable("incomplete-loopback", "a program sends all of `port`, `state` and `challenge`")
    flow = begun(this_moment(), to=to, loopback=loopback)
    answer = RedirectResponse(await provider.address(flow), 303)
    answer.set_cookie(
        COOKIE,
        flow.sealed(context.master),
        max_age=600,
        path=PATH,
        httponly=True,
        samesite="lax",
        secure=context.browsers_url.startswith("https:"),
    )
    return answer


@router.get("/callback", response_class=Response, responses=of_kind("text/html"), summary="Come back from the provider")
async def come_back(
    context: Here,
    provider: Asked,
    request: Request,
    *,
    state: FromProvider = None,
    code: FromProvider = None,
    error: FromProvider = None,
    iss: FromProvider = None,
) -> Response:
    """Take what the provider says: the browser gets a session, or the program that waits a code for one."""
    request.state.tried = "session.start", "user/unknown"
    context.doors.must_not_be_crowded(address_of(request))
    flow = flow_in(request.cookies.get(COOKIE), state, context.master, this_moment())  # pages elsewhere send that much
    try:
        await provider.must_have_answered(iss)
        return await _let_in(context, provider, request, flow, _code(code, error))
    except (ApiError, Refusal) as refused:
        _count(context, request, refused)
        if flow.loopback is None:
            raise
        if isinstance(refused, ApiError):
            context.trail.refused(request, refused)
        return _to_program(flow.loopback, error=refused.code, message=str(refused))


@router.post("/sessions", status_code=201, summary="Sign in with a code")
async def show_code(body: ShownCode, context: Here, request: Request, response: Response) -> SignedIn:
    """Begin the session of a program whose loopback address was given the code."""
    await _provider(context)
    request.state.tried = "session.start", "user/unknown"
    context.doors.must_not_be_crowded(address_of(request))
    try:
        code = code_in(body.code, body.verifier, context.master, this_moment())
        session = await begin(context, code.proven, code.id, request)
    except NotProved as refused:
        _count(context, request, refused)
        raise
    return told(session, response, context, cookie=False)


def _code(code: str | None, error: str | None) -> str:
    if error is not None:
        shown = "".join(character for character in error[:60] if character.isalnum() or character in "_-")
        raise NotProved("provider-refused", f"the provider let nobody in: {shown}")
    if code is None:
        raise NotProved("provider-refused", "the provider sent the browser back without a code")
    return code


async def _let_in(context: Context, provider: Provider, request: Request, flow: Flow, code: str) -> Response:
    claims = await provider.claims(code, flow)
    proven = proven_by(claims, provider.settings, context.master)
    if flow.loopback is not None:
        expires = Micros(this_moment() + CODE_US)
        shown = Code(id=flow.id, proven=proven, challenge=flow.loopback.challenge, expires=expires)
        return _to_program(flow.loopback, code=shown.sealed(context.master))
    session = await begin(context, proven, flow.id, request)
    answer = signed_in_page(session.user, flow.to)
    told(session, answer, context, cookie=True)
    answer.delete_cookie(COOKIE, path=PATH)
    return answer


def _to_program(loopback: Loopback, **said: str) -> Response:
    query = urlencode({"state": loopback.state, **said})
    answer = RedirectResponse(f"http://127.0.0.1:{loopback.port}/?{query}", 303)
    answer.delete_cookie(COOKIE, path=PATH)
    return answer


def _count(context: Context, request: Request, refused: ApiError | Refusal) -> None:
    """Count what proved nothing, in a sign-in that was begun here, against the address it came from."""
    if isinstance(refused, NotProved):
        context.doors.attempts.of_address.add(address_of(request) or "", this_moment())
