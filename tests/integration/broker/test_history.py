"""The whole log of a project, read piece by piece."""

from __future__ import annotations

from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform

from headrace_broker.history import History
from headrace_events.envelope import Recorded


def rest(history: History) -> list[Recorded]:
    """What is left of it."""
    found: list[Recorded] = []

    def ended() -> bool | None:
        piece = history.more()
        found.extend(piece or ())
        return True if piece is None else None

    eventually(ended, "the end of the log")
    return found


def test_a_log_is_read_on_by_another_connection_where_the_last_piece_ended(platform: Platform) -> None:
    project = platform.project()
    as_provisioning = connection(platform.stack, "provisioning")
    whole = rest(History(as_provisioning, project))
    assert [recorded.seq for recorded in whole] == list(range(1, len(whole) + 1))
    broken = History(as_provisioning, project)
    first = eventually(lambda: broken.more(limit=1) or None, "a first piece")
    broken.close()
    assert [recorded.id for recorded in (*first, *rest(broken))] == [recorded.id for recorded in whole]


def test_there_is_no_log_of_a_project_that_is_gone(platform: Platform) -> None:
    assert History(connection(platform.stack, "provisioning"), "never-was").more() is None
