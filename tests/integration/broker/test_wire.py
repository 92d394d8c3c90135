"""Who does not show the right certificate, or does not see the right one, speaks to no broker."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from tests.integration.clients import connection, eventually
from tests.integration.platform import signing_request
from tests.integration.stack import RunningStack

from headrace_broker.authority import CertificateAuthority
from headrace_broker.connection import Connection

TLS_ALERT = b"\x15"


def _errors(settings: dict[str, str | int | float | bool]) -> str:
    """What the client says of its first try to connect."""
    seen: list[KafkaError] = []
    configured: dict[str, Any] = {**settings, "error_cb": seen.append, "log_level": 0}
    admin = AdminClient(configured)

    def told() -> str | None:
        admin.poll(0.2)
        return next((one.str() for one in seen if one.code() != KafkaError._ALL_BROKERS_DOWN), None)

    said = eventually(told, "an error")
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=0.5)
    return said


def _stranger(stack: RunningStack, folder: Path) -> tuple[CertificateAuthority, Connection]:
    """An authority that the broker does not know, and a certificate of its own for a name that the broker knows."""
    theirs = CertificateAuthority.create(folder / "theirs")
    key, request = signing_request()
    (folder / "pem").write_bytes(theirs.sign_member(request.encode(), "fraud__ada__1", timedelta(hours=1)).pem)
    (folder / "key").write_bytes(key)
    known = connection(stack, "api")
    return theirs, replace(known, certificate=folder / "pem", key=folder / "key")


def test_a_client_with_the_right_files_is_answered(stack: RunningStack) -> None:
    assert AdminClient(connection(stack, "api").librdkafka()).list_topics(timeout=20).brokers


def test_plaintext_is_not_spoken(stack: RunningStack) -> None:
    """To a question in plain words (ApiVersions, version 0) there is no answer but an alert of TLS, if any."""
    question = struct.pack(">hhih", 18, 0, 1, -1)
    host, port = stack.bootstrap.split(":")
    with socket.create_connection((host, int(port)), 10) as plain:
        plain.sendall(struct.pack(">i", len(question)) + question)
        try:
            answer = plain.recv(1 << 16)
        except ConnectionResetError:
            answer = b""
    assert answer[:1] in {b"", TLS_ALERT}, answer


def _spoken(stack: RunningStack, version: ssl.TLSVersion) -> str | None:
    """What the broker speaks with who knows no other version and has the right certificate; raises SSLError."""
    files = stack.credentials("api")
    context = ssl.create_default_context(cafile=files.ca)
    context.load_cert_chain(files.cert, files.key)
    context.set_ciphers("ALL:@SECLEVEL=0")  # with less this side would not even try the old ones
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    host, port = stack.bootstrap.split(":")
    with (
        socket.create_connection((host, int(port)), 10) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        return connection.version()


def test_no_version_of_tls_before_1_2_is_spoken(stack: RunningStack) -> None:
    assert _spoken(stack, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert _spoken(stack, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError, match=r"(?i)alert.protocol.version"):
            _spoken(stack, old)


def test_without_a_certificate_nothing_is_said(stack: RunningStack) -> None:
    settings = connection(stack, "api").librdkafka()
    del settings["ssl.certificate.location"], settings["ssl.key.location"]
    assert "certificate" in _errors(settings)


def test_a_certificate_of_a_foreign_authority_opens_nothing(stack: RunningStack, tmp_path: Path) -> None:
    _, stranger = _stranger(stack, tmp_path)
    assert "certificate" in _errors(stranger.librdkafka())


def test_a_client_that_trusts_another_authority_does_not_speak_to_our_broker(
    stack: RunningStack, tmp_path: Path
) -> None:
    theirs, _ = _stranger(stack, tmp_path)
    (tmp_path / "ca").write_bytes(theirs.pem)
    trusting = replace(connection(stack, "api"), ca=tmp_path / "ca")
    assert "verify" in _errors(trusting.librdkafka())


@contextmanager
def _relayed(stack: RunningStack) -> Iterator[str]:
    """Another address of the broker, which its certificate does not name: what is sent there is passed on."""
    host, port = stack.bootstrap.split(":")
    with socket.create_server(("127.0.0.2", 0)) as listener, ExitStack() as opened:

        def pass_on() -> None:
            while True:
                try:
                    near = opened.enter_context(listener.accept()[0])
                except OSError:
                    return
                far = opened.enter_context(socket.create_connection((host, int(port)), 10))
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(source, target), daemon=True).start()

        relay = threading.Thread(target=pass_on, daemon=True)
        relay.start()
        yield f"127.0.0.2:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        relay.join(10)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def test_a_broker_at_an_address_that_its_certificate_lacks_is_not_spoken_to(stack: RunningStack) -> None:
    ours = connection(stack, "api")
    with _relayed(stack) as elsewhere:
        trusting = replace(ours, bootstrap=elsewhere).librdkafka()
        assert "verify" in _errors(trusting)
        careless = {**trusting, "ssl.endpoint.identification.algorithm": "none"}
        assert AdminClient(careless).list_topics(timeout=20).brokers, "the relay itself works"
