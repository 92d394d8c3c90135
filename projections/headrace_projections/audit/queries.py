"""Reading the trail, the last first, or from the first on for an export."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of

_ONE_READ = 1_000


@value
class ActRow:
    """A line of the trail; `count` says how many alike it stands for, `cursor` goes on after it.

    `erased` says that the actor is a person of whom nothing but the name is known any more.
    """

    time: datetime
    actor: str
    act: str
    outcome: str
    code: str
    message: str
    project: str | None = None
    subject: str
    address: str | None = None
    erased: bool
    command_id: str | None = None
    count: int
    details: Mapping[str, Any]
    cursor: int


@value
class Wanted:
    """Which lines: all that fit every filter that is given. `since` is in, `until` is not."""

    project: str | None = None
    actor: str | None = None
    kind: str | None = None
    outcome: str | None = None
    command: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_ACTS = """
    SELECT time, actor, act, outcome, code, message, project, subject, address, command_id, count, details,
           log_offset AS cursor,
           EXISTS (SELECT FROM catalogue.users
                   WHERE standing = 'erased' AND starts_with(actor, 'user:') AND user_name = substr(actor, 6)) AS erased
    FROM audit.acts
    WHERE (%(project)s::text IS NULL OR project = %(project)s)
      AND (%(actor)s::text IS NULL OR actor = %(actor)s)
      AND (%(kind)s::text IS NULL OR kind = %(kind)s)
      AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
      AND (%(command)s::text IS NULL OR command_id = %(command)s)
      AND (%(since)s::timestamptz IS NULL OR time >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR time < %(until)s)"""


async def acts(pool: Pool, wanted: Wanted, *, before: int | None = None, limit: int = 100) -> list[ActRow]:
    """The last lines before the cursor, the last first."""
    query = f"""{_ACTS} AND (%(before)s::bigint IS NULL OR log_offset < %(before)s)
        ORDER BY log_offset DESC LIMIT %(limit)s"""
    return await all_of(pool, ActRow, query, before=before, limit=limit, **_parameters(wanted))


async def every_act(pool: Pool, wanted: Wanted) -> AsyncIterator[ActRow]:
    """All lines, the first first, a thousand at a time: no transaction stays open, and none is held in memory."""
    after = -1
    while True:
        query = f"{_ACTS} AND log_offset > %(after)s ORDER BY log_offset LIMIT %(limit)s"
        found = await all_of(pool, ActRow, query, after=after, limit=_ONE_READ, **_parameters(wanted))
        for row in found:
            yield row
        if len(found) < _ONE_READ:
            return
        after = found[-1].cursor


def _parameters(wanted: Wanted) -> dict[str, Any]:
    return {
        "project": wanted.project,
        "actor": wanted.actor,
        "kind": wanted.kind,
        "outcome": wanted.outcome,
        "command": wanted.command,
        "since": wanted.since,
        "until": wanted.until,
    }
