"""The authorities whose certificates count, or counted."""

from datetime import datetime

from headrace_events.ids import Micros
from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of

FIRST = 1


@value
class AuthorityRow:
    """An authority; `state` is coming, signing, believed, going or retired, `certificate` PEM (None of the first).

    Certificates of the one before it last until `overlaps_until` (microseconds UTC) at the most.
    """

    authority: int
    state: str
    certificate: str | None = None
    overlaps_until: Micros | None = None
    state_by: str | None = None
    state_time: datetime | None = None


async def authorities(pool: Pool) -> list[AuthorityRow]:
    """All there have been, the newest first; the first one signs until another one is asked for."""
    query = """
        SELECT authority, state, certificate, overlaps_until, state_by, state_time
        FROM catalogue.authorities ORDER BY authority DESC"""
    return await all_of(pool, AuthorityRow, query) or [AuthorityRow(authority=FIRST, state="signing")]
