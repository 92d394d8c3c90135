"""The rows of a group's files as one source of a query."""

from collections.abc import Sequence

from headrace_projections.history.columns import literal
from headrace_projections.rows.groups import Group


def stored_rows(group: Group, files: Sequence[str], partitioning: str = "hive_partitioning = false") -> str:
    """SQL: what a query selects from to read these files of the group, of which there is at least one."""
    return f"read_parquet([{', '.join(map(literal, files))}], union_by_name = true, {partitioning})"
