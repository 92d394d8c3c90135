"""People, and the first of them."""

import hmac
from dataclasses import replace

from fastapi import APIRouter, Header, Response
from fastapi import Request as HttpRequest

from headrace_api.audit.trail import came_from
from headrace_api.authentication import Caller
from headrace_api.context import Here
from headrace_api.errors import Missing, Unauthenticated
from headrace_api.keys.minting import mint
from headrace_api.reading import After, PlatformReader, PlatformReading, WholePlatformReading, until_visible
from headrace_api.sending import POSITION, Accepted, IdempotencyKey, PlatformSending, named_id, result_of
from headrace_api.users.models import FirstAdministrator, NewUser, Whoami
from headrace_events.access import Access
from headrace_events.envelope import Request
from headrace_events.user import CreateFirstAdministrator, CreateUser, Standing
from headrace_projections.catalogue.queries import access
from headrace_projections.catalogue.queries import users as queries
from headrace_projections.catalogue.queries.users import UserRow

router = APIRouter(prefix="/api", tags=["users"])


@router.post("/first-administrator", status_code=201, summary="Found the platform")
async def first_administrator(
    body: NewUser,
    context: Here,
    request: HttpRequest,
    response: Response,
    *,
    authorization: str | None = Header(default=None, description="`Bearer <bootstrap token>`"),
    key: IdempotencyKey = None,
) -> FirstAdministrator:
    """Make the first administrator and their key. Accepted once, from whoever holds the bootstrap token."""
    token = (context.settings.secrets / "bootstrap.token").read_text().strip()
    given = (authorization or "").removeprefix("Bearer ").strip()
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise Unauthenticated("invalid-credential", "send the bootstrap token that lies in the secrets folder")
    command = named_id(key)
    minted = mint(body.user, context.master, command)
    wish = CreateFirstAdministrator(user=body.user, key_id=minted.key_id, key_hash=minted.hash)
    founder = f"user:{body.user}"
    result = await result_of(context, Request(command=wish, id=command, actor=founder))
    context.trail.tell(came_from(request, "administration.found", founder, body.user, command))
    await minted.until_known(context.credentials)
    response.headers[POSITION] = ",".join(result.positions)
    return FirstAdministrator(**Accepted.of(command, result).model_dump(), user=body.user, key=minted.key)


@router.get("/whoami", summary="Whose key is this")
async def whoami(context: Here, actor: Caller, after: After = None) -> Whoami:
    """The caller, their projects, and what the key is limited to."""
    await until_visible(context, after)
    memberships = await queries.memberships(context.pool, actor.user)
    return Whoami(
        user=actor.user,
        administrator=await access.is_administrator(context.pool, actor.user),
        limited_to=actor.limited_to,
        scopes=list(actor.scopes) if actor.scopes is not None else None,
        projects=[row for row in memberships if actor.limited_to in {None, row.project}],
    )


@router.post("/users", status_code=201, summary="Make a user")
async def create_user(body: NewUser, sending: PlatformSending) -> Accepted:
    """Make a person known to the platform; for administrators."""
    return await sending.send(CreateUser(user=body.user))


@router.get("/users", summary="List users")
async def list_users(reading: WholePlatformReading, standing: Standing | None = None) -> list[UserRow]:
    """Everybody, or everybody of that standing, by name; for administrators."""
    reading.must(Access.PEOPLE)
    return [_opened(reading, row) for row in await queries.users(reading.context.pool, standing)]


@router.get("/users/{user}", summary="Show a user")
async def get_user(user: str, reading: PlatformReading) -> UserRow:
    """Oneself, or for administrators anybody."""
    found = await queries.user(reading.context.pool, user)
    if found is None or not (user == reading.actor.user or reading.may(Access.PEOPLE)):
        raise Missing("user", user)
    return _opened(reading, found)


def _opened(reading: PlatformReader, row: UserRow) -> UserRow:
    """The person with what is sealed of them in plain words."""
    shown = reading.context.personal.shown
    return replace(
        row,
        reason=shown(row.reason),
        full_name=shown(row.full_name) if row.full_name is not None else None,
        email=shown(row.email) if row.email is not None else None,
    )
