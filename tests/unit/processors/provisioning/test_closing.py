"""Taking projects away while Postgres is not there, or their logs are long."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from tests.unit.processors.provisioning.test_shut_out import certificate

from headrace_broker.admin import Admin
from headrace_broker.artifacts import Artifacts
from headrace_broker.authority import CertificateAuthority
from headrace_broker.connection import Connection
from headrace_broker.errors import Missing, Unavailable
from headrace_events.certificate import Ending
from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_processors.provisioning.closing import PIECES, REST_S, Closing


class Pieces:
    """A log in pieces, some of which cannot be read at first."""

    def __init__(self, project: str, pieces: Sequence[Sequence[Recorded] | Exception] = ()) -> None:
        self.project = project
        self.left = list(pieces)

    def more(self) -> list[Recorded] | None:
        """The next piece, a failure, or None at the end."""
        if not self.left:
            return None
        piece = self.left.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return list(piece)


def test_postgres_is_asked_once_for_all_closing_projects_while_it_is_away(tmp_path: Path) -> None:
    now = [0.0]
    asked: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as there:
        there.settimeout(0.2)
        dsn = f"postgresql://x:x@127.0.0.1:{there.getsockname()[1]}/x?sslmode=disable&gssencmode=disable"
        closing = Closing(nowhere(tmp_path), dsn, Artifacts.at(tmp_path.as_uri()), Pieces, lambda: now[0])
        for moment in (0.0, 0.5, 1.0, REST_S + 1):
            now[0] = moment
            for project in ("flights", "shop", "weather"):
                assert not closing.step(project)
            asked += [moment] * came(there)
    assert asked == [0.0, REST_S + 1]


def reading(folder: Path, now: list[float], pieces: Sequence[Sequence[Recorded] | Exception]) -> Closing:
    """Closings whose projects all have that log."""
    artifacts = Artifacts.at(folder.as_uri())
    return Closing(nowhere(folder), "", artifacts, lambda project: Pieces(project, pieces), lambda: now[0])


def test_a_long_log_is_read_by_many_calls(tmp_path: Path) -> None:
    closing = reading(tmp_path, [0.0], [certificate(number, 3) for number in range(2 * PIECES)])
    assert closing.endings("flights") is None
    assert closing.endings("shop") is None
    assert closing.endings("flights") is None
    endings = closing.endings("flights")
    assert endings is not None
    ended = endings.deleted(Micros(10))
    assert [one.certificate.serial for one in ended] == [str(number) for number in range(2 * PIECES)]
    assert {one.why for one in ended} == {Ending.PROJECT_DELETED}


def test_a_log_that_cannot_be_read_is_read_on_after_a_rest(tmp_path: Path) -> None:
    now = [0.0]
    closing = reading(tmp_path, now, [certificate(1, 3), Unavailable("no answer"), Missing("gone"), certificate(2, 3)])
    assert [closing.endings("flights") for _ in range(3)] == [None, None, None]
    now[0] = REST_S
    assert closing.endings("flights") is None
    endings = closing.endings("flights")
    assert endings is not None
    assert len(endings.deleted(Micros(10))) == 2


def nowhere(folder: Path) -> Admin:
    """An administrator of brokers that are not asked here."""
    authority = CertificateAuthority.create(folder / "ca")
    credentials = authority.issue_service("provisioning")
    for name, content in (("certificate", credentials.cert_pem), ("key", credentials.key_pem)):
        (folder / name).write_bytes(content)
    ca = folder / "ca" / "ca.pem"
    connection = Connection(bootstrap="127.0.0.1:1", ca=ca, certificate=folder / "certificate", key=folder / "key")
    return Admin(connection)


def came(there: socket.socket) -> int:
    """How many connections were tried since the last look."""
    count = 0
    while True:
        try:
            connection, _ = there.accept()
        except TimeoutError:
            return count
        connection.close()
        count += 1
