"""The servers as the stack starts them."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.integration.stack import RunningStack

from headrace_broker.service_files import CredentialFiles
from headrace_compose.probes import get


def client(stack: RunningStack, files: CredentialFiles) -> dict[str, str | int | float | bool]:
    return {
        "bootstrap.servers": stack.bootstrap,
        "security.protocol": "ssl",
        "ssl.ca.location": str(files.ca),
        "ssl.certificate.location": str(files.cert),
        "ssl.key.location": str(files.key),
    }


def member(stack: RunningStack, folder: Path, common_name: str) -> CredentialFiles:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    signed = stack.authority.sign_member(
        request.public_bytes(serialization.Encoding.PEM), common_name, timedelta(hours=1)
    )
    files = CredentialFiles(
        ca=stack.credentials("broker").ca,
        cert=folder / "member.pem",
        key=folder / "member.key",
        keystore=folder / "unused",
    )
    files.cert.write_bytes(signed.pem)
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_the_broker_itself_may_create_a_topic(stack: RunningStack) -> None:
    admin = AdminClient(client(stack, stack.credentials("broker")))
    admin.create_topics([NewTopic("servers.created", 1, 1)])["servers.created"].result(10)
    assert "servers.created" in admin.list_topics(timeout=10).topics


@pytest.mark.parametrize("kind", ["service", "member"])
def test_whoever_has_no_acl_may_not_create_a_topic(stack: RunningStack, tmp_path: Path, kind: str) -> None:
    files = stack.credentials("nobody") if kind == "service" else member(stack, tmp_path, "fraud__ada__1")
    admin = AdminClient(client(stack, files))
    with pytest.raises(KafkaException) as refused:
        admin.create_topics([NewTopic("servers.refused", 1, 1)])["servers.refused"].result(10)
    assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_an_unknown_topic_is_not_made_by_writing_to_it(stack: RunningStack) -> None:
    failures: list[KafkaError | None] = []
    quick = {"message.timeout.ms": 2000, "topic.metadata.propagation.max.ms": 0}
    producer = Producer({**client(stack, stack.credentials("broker")), **quick})
    producer.produce("servers.unknown", b"x", on_delivery=lambda error, _: failures.append(error))
    producer.flush(10)
    assert failures
    assert failures[0] is not None


def test_the_broker_turns_away_who_has_no_certificate(stack: RunningStack) -> None:
    host, port = stack.bootstrap.split(":")
    context = ssl.create_default_context(cafile=stack.credentials("broker").ca)
    context.check_hostname = False
    plain = socket.create_connection((host, int(port)), 5)
    with context.wrap_socket(plain) as connection, pytest.raises(ssl.SSLError, match=r"bad certificate|required"):
        connection.recv(1)


def test_the_database_keeps_what_it_acknowledged_and_asks_for_a_password(stack: RunningStack) -> None:
    with psycopg.connect(stack.postgres_dsn) as connection:
        rows = connection.execute("SELECT setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')")
        settings = [setting for (setting,) in rows]
    assert settings == ["on", "on"]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(stack.postgres_dsn.replace(stack.site.vault.postgres_password, "wrong"))


def test_search_answers_only_with_its_token(stack_with_search: RunningStack) -> None:
    url = stack_with_search.opensearch_url
    token = stack_with_search.opensearch_token
    assert get(f"{url}/", None)[0] == http.client.UNAUTHORIZED
    assert get(f"{url}/_cat/indices", "wrong")[0] == http.client.UNAUTHORIZED
    status, body = get(f"{url}/", token)
    assert status == http.client.OK
    assert json.loads(body)["version"]["number"] == "2.19.3"


def test_status_says_where_each_server_is(stack: RunningStack) -> None:
    status = stack.stack.status().as_json()
    assert set(status) == {"services", "api", "web", "isolation"}
    kafka = status["services"]["kafka"]
    assert kafka["state"] == "ready"
    assert kafka["address"] == stack.bootstrap
    assert kafka["pid"] > 0
    assert kafka["rss_mb"] > 0
