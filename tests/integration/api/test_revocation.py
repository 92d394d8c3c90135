"""A revoked certificate: the brokers close at once, and whoever else accepts certificates can know."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import httpx
from confluent_kafka import Consumer, KafkaError, KafkaException
from cryptography import x509
from tests.integration.clients import eventually
from tests.integration.processors.test_provisioning import can_read
from tests.integration.served import Served, unique

import headrace
from headrace_broker.connection import Connection


def serial_of(connection: Connection) -> int:
    return x509.load_pem_x509_certificate(connection.certificate.read_bytes()).serial_number


def listed(served: Served) -> x509.CertificateRevocationList:
    """The list as anybody gets it, whose signature holds."""
    found = x509.load_der_x509_crl(httpx.get(f"{served.url}/api/certificates/revoked/1").raise_for_status().content)
    authority = x509.load_pem_x509_certificate(httpx.get(f"{served.url}/api/certificates/authorities.pem").content)
    assert found.is_signature_valid(authority.public_key())  # type: ignore[arg-type] # of an elliptic curve
    return found


def until_listed(served: Served, serial: int) -> x509.CertificateRevocationList:
    def with_it() -> x509.CertificateRevocationList | None:
        found = listed(served)
        return None if found.get_revoked_certificate_by_serial_number(serial) is None else found

    return eventually(with_it, "the serial number on the list")


def refusal(consumer: Consumer) -> KafkaError | None:
    """What the broker refuses, if it refuses anything."""
    try:
        message = consumer.poll(0.2)
    except KafkaException as error:
        first: KafkaError = error.args[0]
        return first
    return message.error() if message is not None else None


def test_an_open_consumer_is_cut_off_and_the_serial_number_is_on_the_list(served: Served, tmp_path: Path) -> None:
    owner = unique()
    project = served.new_project(owner, None)
    revoked = served.platform.member_connection(project, owner, tmp_path)
    other = served.platform.member_connection(project, owner, tmp_path)
    before = served.ask("GET", "/api/certificates/revoked/1")
    consumer = Consumer({**revoked.librdkafka(), "group.id": f"{project}.open", "auto.offset.reset": "earliest"})
    consumer.subscribe([f"{project}.events"])
    first = eventually(lambda: consumer.poll(0.2), "a record")
    assert first.error() is None
    done = served.ask("DELETE", f"/api/projects/{project}/certificates/{owner}/1", key=served.key(owner))
    assert done.status_code == 200
    error = eventually(lambda: refusal(consumer), "the refusal")
    consumer.close()
    assert error.code() in {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
    assert not can_read(revoked, f"{project}.events")
    assert can_read(other, f"{project}.events")
    found = until_listed(served, serial_of(revoked))
    assert found.get_revoked_certificate_by_serial_number(serial_of(other)) is None
    number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    earlier = x509.load_der_x509_crl(before.content).extensions.get_extension_for_class(x509.CRLNumber)
    assert number > earlier.value.crl_number


def doorkeeper(served: Served, trusted: Path) -> ssl.SSLContext:
    """Another server that accepts our certificates, and asks the list."""
    parts = [httpx.get(f"{served.url}/api/certificates/{name}").text for name in ("authorities.pem", "revoked.pem")]
    trusted.write_text("".join(parts))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=trusted)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    files = served.platform.stack.credentials("broker")
    context.load_cert_chain(files.cert, files.key)
    return context


def lets_in(doorkeeper: ssl.SSLContext, visitor: Connection) -> str | None:
    """None if the visitor's certificate is accepted, else why not."""
    context = ssl.create_default_context(cafile=visitor.ca)
    context.load_cert_chain(visitor.certificate, visitor.key)
    said: list[str | None] = []
    here, there = socket.socketpair()

    def knock() -> None:
        with suppress(OSError), context.wrap_socket(there, server_hostname="localhost") as door:
            door.recv(1)

    visiting = threading.Thread(target=knock, daemon=True)
    visiting.start()
    try:
        with doorkeeper.wrap_socket(here, server_side=True):
            said.append(None)
    except ssl.SSLCertVerificationError as error:
        said.append(error.verify_message)
    finally:
        here.close()
        visiting.join(10)
    return said[0]


def test_another_server_turns_a_revoked_certificate_away(served: Served, tmp_path: Path) -> None:
    owner = unique()
    project = served.new_project(owner, None)
    revoked = served.platform.member_connection(project, owner, tmp_path)
    other = served.platform.member_connection(project, owner, tmp_path)
    assert lets_in(doorkeeper(served, tmp_path / "before"), revoked) is None
    with headrace.connect(host=served.url, api_key=served.key(owner)) as signed_in:
        signed_in.get_certificates_api().revoke(project, owner, 1)
    until_listed(served, serial_of(revoked))
    after = doorkeeper(served, tmp_path / "after")
    assert lets_in(after, revoked) == "certificate revoked"
    assert lets_in(after, other) is None


def test_the_certificates_of_a_deleted_project_are_on_the_list(served: Served, tmp_path: Path) -> None:
    owner = unique()
    project = served.new_project(owner, None)
    serial = serial_of(served.platform.member_connection(project, owner, tmp_path))
    path = f"/api/projects/{project}?confirm={project}"
    assert served.ask("DELETE", path, key=served.key(owner)).status_code == 202
    entry = until_listed(served, serial).get_revoked_certificate_by_serial_number(serial)
    assert entry is not None
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.cessation_of_operation
