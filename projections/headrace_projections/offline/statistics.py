"""The windows of statistics that Postgres keeps of each topic: each begins where the one before it ended.

Sixty-four windows of a kind are the most that are kept: then the older half becomes one, so that of what happened
lately each commit is told, of what happened long ago many together.
"""

from collections.abc import Callable, Sequence

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import Jsonb

from headrace_projections.errors import Superseded
from headrace_projections.rows.groups import Group
from headrace_projections.statistics.stored import FEATURE, WINDOW, feature_of, feature_rows, window_of, window_row
from headrace_projections.statistics.window import Offsets, Window, merged

MOST_OF_A_LEVEL = 64
_SCHEMA = "offline"
_INSERT_WINDOW = (
    f"INSERT INTO offline.statistics_windows (topic, topic_id, level, wish, {', '.join(WINDOW)}) "
    f"VALUES ({', '.join(['%s'] * (4 + len(WINDOW)))})"
)
_INSERT_FEATURE = (
    f"INSERT INTO offline.feature_statistics (topic_id, reached, {', '.join(FEATURE)}) "
    f"VALUES ({', '.join(['%s'] * (2 + len(FEATURE)))})"
)


class StatisticsWindows:
    """Writes and forgets windows, through a connection that is asked for each time."""

    def __init__(self, connect: Callable[[], Connection[TupleRow]]) -> None:
        self._connect = connect

    def counted(self, group: Group, begins: Offsets, ends: Offsets) -> Offsets:
        """Up to where the group is counted, whose table has the rows from `begins` to `ends`.

        What was counted of rows that do not count any more is forgotten; so is all, where the table does not have what
        was counted, for it was lost, and where it was counted as is no more wished.
        """
        connection = self._connect()
        with connection.transaction():
            self._lock(connection, group)
            found = connection.execute(
                "SELECT starts, ends, wish FROM offline.statistics_windows WHERE topic_id = %s ORDER BY reached",
                (group.topic_id,),
            ).fetchall()
            gone = found and any(start < begin for start, begin in zip(found[0][0], begins, strict=True))
            lost = found and any(reached > end for reached, end in zip(found[-1][1], ends, strict=True))
            if gone or lost or any(wish != _wish(group) for *_, wish in found):
                self._forget(connection, group.topic_id)
                found = []
        return tuple(found[-1][1]) if found else begins

    def add(self, group: Group, window: Window, begins: Offsets) -> None:
        """Keep what was counted after all that was; raises Superseded where somebody else has counted it."""
        connection = self._connect()
        with connection.transaction():
            self._lock(connection, group)
            row = connection.execute(
                "SELECT ends FROM offline.statistics_windows WHERE topic_id = %s ORDER BY reached DESC LIMIT 1",
                (group.topic_id,),
            ).fetchone()
            if (tuple(row[0]) if row else begins) != window.starts:
                raise Superseded(_SCHEMA)
            self._insert(connection, group, window, 0)
            self._shorten(connection, group)

    def forget_topic(self, topic_id: str) -> None:
        """Keep nothing of the topic."""
        self._forget(self._connect(), topic_id)

    def forget_project(self, project: str) -> None:
        """Keep nothing of the project's topics."""
        self._connect().execute("DELETE FROM offline.statistics_windows WHERE starts_with(topic, %s)", (f"{project}.",))

    def _lock(self, connection: Connection[TupleRow], group: Group) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (group.topic_id,))

    def _forget(self, connection: Connection[TupleRow], topic_id: str) -> None:
        connection.execute("DELETE FROM offline.statistics_windows WHERE topic_id = %s", (topic_id,))

    def _insert(self, connection: Connection[TupleRow], group: Group, window: Window, level: int) -> None:
        connection.execute(
            _INSERT_WINDOW, (group.topic, group.topic_id, level, Jsonb(_wish(group)), *window_row(window))
        )
        with connection.cursor() as cursor:
            rows = [(group.topic_id, window.reached, *row) for row in feature_rows(window)]
            cursor.executemany(_INSERT_FEATURE, rows)

    def _shorten(self, connection: Connection[TupleRow], group: Group) -> None:
        """Make one of the older half of each level that has too many."""
        level = 0
        while len(numbers := self._numbers(connection, group, level)) > MOST_OF_A_LEVEL:
            older = numbers[: MOST_OF_A_LEVEL // 2]
            whole = merged(self._read(connection, group, older))
            assert whole is not None  # noqa: S101 - there are some
            connection.execute(
                "DELETE FROM offline.statistics_windows WHERE topic_id = %s AND reached = ANY(%s)",
                (group.topic_id, older),
            )
            level += 1
            self._insert(connection, group, whole, level)

    def _numbers(self, connection: Connection[TupleRow], group: Group, level: int) -> list[int]:
        found = connection.execute(
            "SELECT reached FROM offline.statistics_windows WHERE topic_id = %s AND level = %s ORDER BY reached",
            (group.topic_id, level),
        )
        return [int(row[0]) for row in found.fetchall()]

    def _read(self, connection: Connection[TupleRow], group: Group, numbers: Sequence[int]) -> list[Window]:
        asked = (group.topic_id, list(numbers))
        with connection.cursor(row_factory=dict_row) as cursor:
            windows: dict[int, Window] = {
                row["reached"]: window_of(row) for row in cursor.execute(_WINDOWS, asked).fetchall()
            }
            for row in cursor.execute(_FEATURES, asked).fetchall():
                windows[row["reached"]].features[row["feature"]] = feature_of(row)
        return list(windows.values())


def _wish(group: Group) -> list[object]:
    """What windows of the group depend on; of histograms and whether columns come later they do not."""
    return [list(group.statistics.columns), group.statistics.correlations]


_WINDOWS = "SELECT * FROM offline.statistics_windows WHERE topic_id = %s AND reached = ANY(%s) ORDER BY reached"
_FEATURES = "SELECT * FROM offline.feature_statistics WHERE topic_id = %s AND reached = ANY(%s)"
