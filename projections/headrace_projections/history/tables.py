"""The offline tables: which files they hold now, and how far each has taken its topic."""

import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from headrace_projections.history.errors import Unavailable
from headrace_projections.history.positions import Ends
from headrace_projections.history.view import GroupHistory, StoredFile
from headrace_projections.offline.delta import table_url
from headrace_projections.rows.groups import Group

_EPOCH = datetime.date(1970, 1, 1)


def history_of(storage: str, group: Group, ends: Ends) -> GroupHistory | None:
    """The group's rows before `ends`, or None while its table has not taken all of them. Raises Unavailable."""
    if not any(ends.values()):
        return GroupHistory(group=group, files=(), ends=ends)
    try:
        table = DeltaTable(table_url(storage, group.project, group.name, group.version))
        if any((table.transaction_version(application(group, number)) or 0) < end for number, end in ends.items()):
            return None
        return GroupHistory(group=group, files=_files(table), ends=ends)
    except TableNotFoundError:
        return None
    except (DeltaError, OSError) as error:
        raise unreadable(group, error) from error


def reached(storage: str, group: Group) -> Ends:
    """How far the group's table has taken each partition of its topic; raises Unavailable."""
    try:
        table = DeltaTable(table_url(storage, group.project, group.name, group.version))
        return {
            number: table.transaction_version(application(group, number)) or 0 for number in range(group.partitions)
        }
    except TableNotFoundError:
        return dict.fromkeys(range(group.partitions), 0)
    except (DeltaError, OSError) as error:
        raise unreadable(group, error) from error


def application(group: Group, partition: int) -> str:
    """The name under which the table's commits say how far they have taken a partition."""
    return f"{group.topic_id}:{partition}"


def _files(table: DeltaTable) -> tuple[StoredFile, ...]:
    actions = pa.table(table.get_add_actions(flatten=True))
    paths = actions.column("path").to_pylist()
    days = actions.column("partition._event_date").to_pylist()
    root = Path(unquote(urlsplit(table.table_uri).path))
    return tuple(
        StoredFile(path=str(root / unquote(path)), day=None if day is None else (day - _EPOCH).days)
        for path, day in zip(paths, days, strict=True)
    )


def unreadable(group: Group, error: Exception) -> Unavailable:
    """What to raise where the group's table could not be read."""
    return Unavailable(f"the offline table of {group.name!r} cannot be read: {error}")
