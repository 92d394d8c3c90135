"""What was read off external groups for training data: stored files that members bring, as no server opens their URLs.

Who reads, when and from which database is claimed by who asks for the dataset. What was joined is not: the training
processor counts and hashes the rows of the file that lies there.
"""

import re
from collections.abc import Iterable, Sequence

from headrace_events.aggregates import Known
from headrace_events.errors import Invalid
from headrace_events.feature_group import FeatureGroup, FeatureGroupVersion
from headrace_events.ids import Micros
from headrace_events.language import value
from headrace_events.shared import Shared

_SHA256 = re.compile("[0-9a-f]{64}")


@value
class GivenReading:
    """The rows of an external group as the artifact of that SHA-256, a Parquet file, read at that time (claimed)."""

    group: str
    version: int
    sha256: str
    read_at: Micros


@value
class ExternalReading:
    """What a dataset was made of: so many rows of an external group, with this hash of their contents.

    `query_sha256` is of the query's text; `hash` is over the rows in the canonical encoding of training data, sorted by
    key, event time and known-at, whatever order the database gave them in.
    """

    group: str
    version: int
    storage_connector: str
    query_sha256: str
    sha256: str
    rows: int
    hash: str
    read_at: Micros


def check_readings(given: Sequence[GivenReading], groups: Iterable[Shared], known: Known) -> None:
    """Raise Invalid unless there is one reading for each external group among these, and none for anything else."""
    wanted = {(one.name, one.version) for one in groups if _external(one, known) is not None}
    named = [(one.group, one.version) for one in given]
    if missing := sorted(wanted - set(named)):
        group, version = missing[0]
        raise Invalid(
            "reading-missing",
            f"feature group {group!r} version {version} is a query on an external database, which no server opens:"
            " read it and give the rows along, as the SDK does",
            {"feature group": f"{group} version {version}"},
        )
    for one in given:
        if (one.group, one.version) not in wanted or named.count((one.group, one.version)) > 1:
            raise Invalid(
                "unexpected-reading",
                f"a reading of {one.group!r} version {one.version} is given twice, or that is no external group of the"
                " view",
            )
        if not _SHA256.fullmatch(one.sha256):
            raise Invalid("invalid-reading", f"a reading is an artifact's SHA-256, not {one.sha256[:80]!r}")


def check_times(root: Shared, times: Iterable[tuple[Micros, Micros]], known: Known) -> None:
    """Raise Invalid where examples without a time, which count as of 1970-01-01, are looked for at others."""
    found = _external(root, known)
    if found is None or found.event_time is not None or found.known_at is not None:
        return
    if any(not start <= 0 < end for start, end in times):
        raise Invalid(
            "no-event-time",
            f"feature group {root.name!r} has no event time: leave the bounds out, and draw splits at random",
        )


def _external(group: Shared, known: Known) -> FeatureGroupVersion | None:
    state = known.state(FeatureGroup, group.project, group.name)
    found = state.version(group.version) if state is not None and group.version is not None else None
    return found if found is not None and found.external is not None else None
