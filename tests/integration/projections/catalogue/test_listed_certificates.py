"""How certificates are listed after their authority was retired."""

from __future__ import annotations

import asyncio
from typing import Any

from psycopg import Connection
from psycopg_pool import AsyncConnectionPool
from tests.integration.projections.catalogue.conftest import Catalogue
from tests.unit.projections.catalogue.examples import recorded

from headrace_events.authority import AuthorityAdded, AuthorityRetired, AuthorityRotationRequested
from headrace_events.certificate import CertificateIssued, CertificateRequested
from headrace_events.ids import Micros
from headrace_events.language import Event
from headrace_projections.catalogue.definition import TABLES, apply
from headrace_projections.catalogue.queries.certificates import (
    CertificateState,
    ListedCertificate,
    WhichCertificates,
    listed,
)
from headrace_projections.folding import fold
from headrace_projections.writing import Writer

BEGINS, NOW, EXPIRES = Micros(1_000), Micros(1_100), Micros(2_000)


def certificate(generation: int, authority: int) -> tuple[Event, Event]:
    issued = CertificateIssued(
        user="bob",
        generation=generation,
        certificate="PEM",
        serial=str(generation),
        begins=BEGINS,
        expires=EXPIRES,
        authority=authority,
    )
    return CertificateRequested(user="bob", generation=generation, signing_request="PEM"), issued


def states(catalogue: Catalogue, now: Micros) -> dict[tuple[int, int], CertificateState]:
    """(generation, authority) → state, then."""

    async def found() -> list[ListedCertificate]:
        async with AsyncConnectionPool(catalogue.dsn, min_size=1, open=False) as pool:
            return await listed(pool, WhichCertificates(now=now), limit=10)

    return {(one.generation, one.authority): one.state for one in asyncio.run(found())}


def test_what_a_retired_authority_signed_is_listed_so_until_it_expires(
    catalogue: Catalogue, database: Connection[Any]
) -> None:
    events = (
        *certificate(1, authority=1),
        AuthorityRotationRequested(authority=2),
        AuthorityAdded(authority=2, certificate="PEM", overlaps_until=EXPIRES),
        *certificate(2, authority=2),
        AuthorityRetired(authority=1),
    )
    with database.transaction():
        TABLES.make(database, "catalogue")
        changes = [change for seq, event in enumerate(events, start=1) for change in apply(recorded(event, seq))]
        Writer("catalogue").write(database, fold(changes))
    retired, valid, expired = (CertificateState(name) for name in ("authority-retired", "valid", "expired"))
    assert states(catalogue, NOW) == {(1, 1): retired, (2, 2): valid}
    assert states(catalogue, EXPIRES) == {(1, 1): expired, (2, 2): expired}
