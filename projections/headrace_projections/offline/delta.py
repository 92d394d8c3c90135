"""One group's Delta table: appended to exactly once, by transaction ids of the Delta protocol.

Source: Delta Lake protocol, "Transaction Identifiers". For each topic partition the table holds one application id
(`<topic id>:<partition>`) whose version is the next offset. Delta itself refuses nothing on their account: whoever
appends reads them from the very snapshot it commits on, and a commit in between makes the append fail.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import fsspec
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from headrace_broker.follower import Partition
from headrace_projections.errors import Superseded
from headrace_projections.offline.arrow import EVENT_DATE, stored_schema
from headrace_projections.offline.encoding import writer_properties
from headrace_projections.rows.groups import Group

SCHEMA = "offline"


def table_url(storage: str, project: str, group: str, version: int) -> str:
    """Where the table of a group version lies under the storage."""
    return f"{storage.rstrip('/')}/offline/{project}/{group}_{version}"


def remove_tables(storage: str, project: str) -> None:
    """Remove the tables of all groups of a project, if there are any, with every version of them."""
    _remove(f"{storage.rstrip('/')}/offline/{project}")


def remove_table(storage: str, group: Group) -> None:
    """Remove the table of a group, if there is one, with every version of it."""
    _remove(table_url(storage, group.project, group.name, group.version))


def _remove(url: str) -> None:
    files, root = fsspec.core.url_to_fs(url)
    if files.exists(root):
        files.rm(root, recursive=True)


class GroupTable:
    """The table of one group version, with all columns it has now, and how far each partition of its topic is in it.

    Raises Superseded where somebody else gives it columns at this moment.
    """

    def __init__(self, storage: str, group: Group) -> None:
        url = table_url(storage, group.project, group.name, group.version)
        parts = urlsplit(url)
        if parts.scheme == "file":
            Path(unquote(parts.path)).mkdir(parents=True, exist_ok=True)
        self._places = group.places
        self._starts = group.starts
        try:
            self._table = DeltaTable(url)
        except TableNotFoundError:
            self._table = DeltaTable.create(
                url, schema=stored_schema(group), mode="ignore", partition_by=[EVENT_DATE], name=group.topic
            )
        self._grow(stored_schema(group))

    def _grow(self, schema: Any) -> None:
        """Give the table the columns of the group that it lacks; in the rows it has they are null."""
        there = {field.name for field in self._table.schema().fields}
        new = [field for field in Schema.from_arrow(schema).fields if field.name not in there]
        if not new:
            return
        try:
            self._table.alter.add_columns(new, commit_properties=CommitProperties(max_commit_retries=0))
        except CommitFailedError as error:
            raise Superseded(SCHEMA) from error

    def positions(self) -> dict[Partition, int]:
        """The next offset of each partition, as the snapshot held now says."""
        return {where: self._table.transaction_version(_application(where)) or 0 for where in self._places}

    def clear(self) -> None:
        """Let go of the rows that do not count any more, once, and of the files they lay in; raises Superseded.

        That it is done is said last: who is killed on the way does it again, and leaves no file behind.
        """
        due = {where: begins for where, begins in self._starts.items() if begins > self._begun(where)}
        if not due:
            return
        at = self.positions()
        gone = " OR ".join(f"(_partition = {where.partition} AND _offset < {begins})" for where, begins in due.items())
        try:
            self._table.delete(gone, commit_properties=CommitProperties(max_commit_retries=0))
            self._table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
            marks = [Transaction(f"{_application(where)}:begins", begins) for where, begins in due.items()]
            ends = {where: max(at[where], begins) for where, begins in due.items()}
            self._commit_nothing(CommitProperties(app_transactions=[*_moved(ends), *marks], max_commit_retries=0))
        except CommitFailedError as error:
            raise Superseded(SCHEMA) from error

    def _begun(self, where: Partition) -> int:
        return self._table.transaction_version(f"{_application(where)}:begins") or 0

    def append(self, rows: Any, ends: Mapping[Partition, int], expected: Mapping[Partition, int]) -> None:
        """Add an Arrow table and move to `ends`; raises Superseded unless the table is at `expected`."""
        properties = CommitProperties(app_transactions=_moved(ends), max_commit_retries=0)
        if any(self.positions()[where] != offset for where, offset in expected.items()):
            raise Superseded(SCHEMA)
        try:
            if rows is None:
                self._commit_nothing(properties)
            else:
                how = writer_properties(rows)
                write_deltalake(self._table, rows, mode="append", commit_properties=properties, writer_properties=how)
        except CommitFailedError as error:
            raise Superseded(SCHEMA) from error

    def _commit_nothing(self, properties: CommitProperties) -> None:
        """Commit what the properties say, and no row; hold the snapshot that came of it, as other commits do."""
        self._table.create_write_transaction(
            [],
            mode="append",
            schema=self._table.schema(),
            partition_by=[EVENT_DATE],
            commit_properties=properties,
        )
        self._table.update_incremental()


def _moved(ends: Mapping[Partition, int]) -> list[Transaction]:
    return [Transaction(_application(where), end) for where, end in ends.items()]


def _application(where: Partition) -> str:
    return f"{where.topic_id}:{where.partition}"
