"""Members of a project."""

from dataclasses import replace

from fastapi import APIRouter, Response

from headrace_api.errors import Missing
from headrace_api.members.models import NewMember, NewRole
from headrace_api.reading import ProjectPath, Reader, Reading
from headrace_api.sending import Accepted, Sending
from headrace_broker.personal import ERASED
from headrace_events.member import AddMember, ChangeRole, RemoveMember
from headrace_projections.catalogue.queries import projects as queries
from headrace_projections.catalogue.queries.projects import MemberRow

router = APIRouter(prefix="/api/projects/{project}/members", tags=["members"])


@router.post("", status_code=202, summary="Add a member")
async def add_member(project: ProjectPath, body: NewMember, sending: Sending) -> Accepted:
    """Give a person a role; for Data Owners and administrators."""
    wish = AddMember(project=project, user=body.user, role=body.as_role())
    return await sending.send(wish, f"/api/projects/{project}/members/{body.user}")


@router.get("", summary="List members")
async def list_members(reading: Reading) -> list[MemberRow]:
    """The members with their roles, by name."""
    return [_opened(reading, row) for row in await queries.members(reading.context.pool, reading.project)]


@router.get("/{user}", summary="Show a member")
async def get_member(user: str, reading: Reading, response: Response) -> MemberRow:
    """The member; the ETag is the version of all memberships, for If-Match."""
    found = await queries.member(reading.context.pool, reading.project, user)
    if found is None:
        raise Missing("member", user)
    response.headers["ETag"] = f'"{found.version}"'
    return _opened(reading, found)


def _opened(reading: Reader, row: MemberRow) -> MemberRow:
    """The member with their full name in plain words; who was erased is called so."""
    if row.erased:
        return replace(row, full_name=ERASED)
    return row if row.full_name is None else replace(row, full_name=reading.context.personal.shown(row.full_name))


@router.put("/{user}", summary="Change a member's role")
async def change_role(project: ProjectPath, user: str, body: NewRole, sending: Sending) -> Accepted:
    """Give a member another role; the last Data Owner keeps theirs."""
    return await sending.send(ChangeRole(project=project, user=user, role=body.as_role()))


@router.delete("/{user}", summary="Remove a member")
async def remove_member(project: ProjectPath, user: str, sending: Sending) -> Accepted:
    """End a membership; the broker closes to the member's certificates at once."""
    return await sending.send(RemoveMember(project=project, user=user))
