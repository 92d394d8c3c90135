"""Compare both stores of a group after the same records of its topic, while rows go on coming.

The online table cannot be read as it was, so its moment counts: all of it and its position are read in one
transaction. The offline history can, so it is read up to that position, once it has come as far.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from headrace_projections.consistency.compared import Consistency
from headrace_projections.consistency.comparing import compare
from headrace_projections.consistency.online_rows import write_online
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible
from headrace_projections.history.positions import Ends
from headrace_projections.history.tables import history_of
from headrace_projections.history.view import GroupHistory
from headrace_projections.rows.groups import Group

_ENGINE = Engine(memory_mib=512)
_PAUSE_S = 0.25


class Behind(Exception):
    """The offline store has not come as far as the online store in the time that was given."""


def check(dsn: str, storage: str, group: Group, seconds: float, engine: Engine = _ENGINE) -> Consistency:
    """Compare; the offline store gets so many seconds to come as far.

    Raises Impossible for a group that is not in both stores, Behind, Unavailable.
    """
    if not (group.online and group.offline):
        raise Impossible(
            f"{group.name!r} version {group.version} is kept in one store only: there is nothing to compare"
        )
    with TemporaryDirectory(prefix="headrace-consistency-") as folder:
        online = Path(folder) / "online.parquet"
        ends = write_online(dsn, group, online)
        history = _reached(storage, group, ends, seconds)
        return compare(history, online, Path(folder) / "offline.parquet", engine)


def _reached(storage: str, group: Group, ends: Ends, seconds: float) -> GroupHistory:
    deadline = time.monotonic() + seconds
    while (history := history_of(storage, group, ends)) is None:
        if time.monotonic() > deadline:
            raise Behind(
                f"the offline store of {group.name!r} has not come as far as the online one in {seconds:.0f} s"
            )
        time.sleep(_PAUSE_S)
    return history
