"""Moments that readers name, checked against the group before anything is read."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

from headrace_api.errors import Busy, Unprocessable
from headrace_events.errors import Conflict
from headrace_events.ids import Micros
from headrace_projections.history.errors import Impossible, NotReached, Unavailable
from headrace_projections.history.moment import Moment, check, check_not_before, moment_of
from headrace_projections.history.tables import reached
from headrace_projections.offline.queries import first_known
from headrace_projections.rows.catalogued import CataloguedGroup
from headrace_projections.rows.groups import Group

logger = logging.getLogger("headrace.api")

GivenMoment = Annotated[
    str,
    Query(
        max_length=10_000,
        description="a time (ISO 8601, UTC without a zone), up to which rows were known, or positions"
        " `<topic id>:<partition>:<next offset>` separated by commas, one for each partition",
    ),
]


def moments(storage: str, found: CataloguedGroup, given: Sequence[str]) -> list[Moment]:
    """What was given, as moments that the group has seen; raises Impossible, NotReached, Unavailable."""
    group = found.group
    asked = [moment_of(group, text) for text in given]
    check(group, asked, now=datetime.now(UTC), reached=reached(storage, group))
    for moment in asked:
        check_not_before(group, moment, found.created, lambda: first_known(storage, group))
    return asked


def now_like(storage: str, group: Group, moment: Moment) -> Moment:
    """Now, as a time or as positions, whichever the moment is; raises Unavailable."""
    if moment.ends is not None:
        return Moment(ends=reached(storage, group))
    return Moment(known_by=Micros(int(datetime.now(UTC).timestamp() * 1_000_000)))


@contextmanager
def told_of_history() -> Iterator[None]:
    """What goes wrong with reading history, as the API says it."""
    try:
        yield
    except Impossible as error:
        raise Unprocessable(error.code, str(error)) from error
    except NotReached as error:
        raise Conflict("not-reached", str(error)) from error
    except Unavailable as error:
        logger.warning("%s", error)
        raise Busy("the history cannot be read now: try again") from error
