"""Taking projects away while Postgres is not there."""

from __future__ import annotations

import socket
from pathlib import Path

from headrace_broker.admin import Admin
from headrace_broker.artifacts import Artifacts
from headrace_broker.authority import CertificateAuthority
from headrace_broker.connection import Connection
from headrace_processors.provisioning.closing import REST_S, Closing


def test_postgres_is_asked_once_for_all_closing_projects_while_it_is_away(tmp_path: Path) -> None:
    now = [0.0]
    asked: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as there:
        there.settimeout(0.2)
        dsn = f"postgresql://x:x@127.0.0.1:{there.getsockname()[1]}/x?sslmode=disable&gssencmode=disable"
        closing = Closing(nowhere(tmp_path), dsn, Artifacts.at(tmp_path.as_uri()), lambda: now[0])
        for moment in (0.0, 0.5, 1.0, REST_S + 1):
            now[0] = moment
            for project in ("flights", "shop", "weather"):
                assert not closing.step(project)
            asked += [moment] * came(there)
    assert asked == [0.0, REST_S + 1]


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
