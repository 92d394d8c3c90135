"""The list of all certificates, as they stand now and as they will stand."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from psycopg_pool import AsyncConnectionPool
from tests.integration.clients import eventually
from tests.integration.platform import signing_request
from tests.integration.served import Served, unique

import headrace
from headrace_events.ids import Micros
from headrace_events.member import RemoveMember
from headrace_projections.catalogue.queries.certificates import CertificateState, WhichCertificates, listed


def issue(served: Served, project: str, user: str, replaces: int | None = None) -> int:
    """A new certificate of that person, which the list shows; its generation."""
    path, (_, request) = f"/api/projects/{project}/certificates", signing_request()
    body = {"signing_request": request, "replaces": replaces}
    asked = served.ask("POST", path, key=served.key(user), json=body).json()

    def issued() -> int | None:
        shown = served.ask("GET", f"{path}/requests/{asked['command_id']}", key=served.key(user))
        return shown.json()["generation"] if shown.json().get("state") == "issued" else None

    return eventually(issued, "the certificate")


def states(platform: headrace.Platform, project: str) -> Mapping[tuple[str, int], tuple[str, str | None]]:
    """(person, generation) → (state, reason), of the project's certificates."""
    found = platform.get_certificates_api().get_certificates(project=project)
    return {(one.user, one.generation): (one.state, one.reason) for one in found}


@pytest.fixture(scope="module")
def members(served: Served) -> tuple[str, str, str]:
    """A project, its owner, who has one certificate, and its scientist, who has one and its renewal."""
    owner, scientist = unique(), unique()
    project = served.new_project(owner, scientist)
    issue(served, project, owner)
    first = issue(served, project, scientist)
    issue(served, project, scientist, replaces=first)
    return project, owner, scientist


def test_an_administrator_sees_whose_certificate_is_how(served: Served, members: tuple[str, str, str]) -> None:
    project, owner, scientist = members
    with served.administrator() as administrator:
        assert states(administrator, project) == {
            (owner, 1): ("valid", None),
            (scientist, 1): ("superseded", None),
            (scientist, 2): ("valid", None),
        }
        certificates = administrator.get_certificates_api()
        (superseded,) = certificates.get_certificates(project=project, state="superseded")
        assert (superseded.user, superseded.role, superseded.generation) == (scientist, "data-scientist", 1)
        assert superseded.not_before < datetime.now(UTC) < superseded.not_after
        assert int(superseded.serial) > 0
        assert [one.project for one in certificates.get_certificates(user=owner)] == [project]
        with pytest.raises(headrace.Invalid):
            certificates.get_certificates(state="lost")


def test_everybody_sees_their_own_and_nobody_elses(served: Served, members: tuple[str, str, str]) -> None:
    project, owner, scientist = members
    with headrace.connect(host=served.url, api_key=served.key(scientist)) as signed_in:
        assert {user for user, _ in states(signed_in, project)} == {scientist}
        with pytest.raises(headrace.Forbidden, match="administrator"):
            signed_in.get_certificates_api().get_certificates(user=owner)
    other = served.new_project(scientist, None)
    limited = served.key(scientist, project=other)
    assert served.ask("GET", "/api/certificates", key=limited).json() == {"certificates": [], "next": None}
    refused = served.ask("GET", f"/api/certificates?project={project}", key=limited)
    assert (refused.status_code, refused.json()["code"]) == (403, "key-limited-to-project")


def test_pages_follow_each_other_without_a_gap(served: Served, members: tuple[str, str, str]) -> None:
    path = f"/api/certificates?project={members[0]}"
    whole = served.ask("GET", path).json()["certificates"]
    paged, cursor = [], ""
    while cursor is not None:
        page = served.ask("GET", f"{path}&limit=1{cursor and f'&cursor={cursor}'}").json()
        paged += page["certificates"]
        cursor = page["next"]
    assert paged == whole
    assert len(whole) == 3
    for nonsense in ("1", "1:a:b:c", "1:a:b:1%00", "1:a:b:1' OR '1'='1"):
        assert served.ask("GET", f"{path}&cursor={nonsense}").status_code == 422


def test_a_certificate_expires_soon_and_then_has_expired(served: Served, members: tuple[str, str, str]) -> None:
    project, owner, _ = members

    async def state_after(hours: float) -> CertificateState:
        now = datetime.now(UTC) + timedelta(hours=hours)
        which = WhichCertificates(now=Micros(int(now.timestamp() * 1_000_000)), project=project, user=owner)
        async with AsyncConnectionPool(served.platform.stack.postgres_dsn, min_size=1, open=False) as pool:
            (found,) = await listed(pool, which, limit=10)
        return found.state

    assert [asyncio.run(state_after(hours)) for hours in (0, 47, 49, 73)] == [
        CertificateState.VALID,
        CertificateState.VALID,
        CertificateState.EXPIRES_SOON,
        CertificateState.EXPIRED,
    ]


def test_prometheus_is_told_how_many_are_in_each_state(served: Served, members: tuple[str, str, str]) -> None:
    assert members
    address = served.platform.stack.site.addresses["provisioning"]

    def counted() -> bool | None:
        shown = httpx.get(f"http://{address}/metrics").text
        counts = dict(re.findall(r'^headrace_provisioning_certificates\{state="([a-z-]+)"\} ([0-9.]+)$', shown, re.M))
        return (counts.keys() >= {"expires-soon", "expired"} and float(counts["superseded"]) >= 1) or None

    eventually(counted, "the gauge")


def test_who_has_left_has_revoked_certificates(served: Served) -> None:
    owner, scientist = unique(), unique()
    project = served.new_project(owner, scientist)
    issue(served, project, scientist)
    served.platform.send(RemoveMember(project=project, user=scientist), f"user:{owner}")
    with served.administrator() as administrator:
        gone = {(scientist, 1): ("revoked", "member-removed")}
        eventually(lambda: states(administrator, project) == gone or None, "the revocation to be shown")
        (shown,) = administrator.get_certificates_api().get_certificates(project=project)
        assert shown.role is None
