"""Asking servers whether they are ready. Each probe returns quietly, or raises `NotReady` with what was wrong."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import struct
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from headrace_broker.service_files import CredentialFiles
from headrace_compose.ports import Address
from headrace_compose.service import NotReady

SECONDS = 3.0
LARGEST_ANSWER = 1 << 20
METADATA_KEY, METADATA_VERSION = 3, 1


def ask_kafka(address: Address, credentials: CredentialFiles) -> None:
    """Hold when the broker counts itself among the live brokers, over mTLS: a Metadata request."""
    context = ssl.create_default_context(cafile=credentials.ca)
    context.load_cert_chain(credentials.cert, credentials.key)
    client = b"headrace-probe"
    header = struct.pack(f">hhih{len(client)}s", METADATA_KEY, METADATA_VERSION, 1, len(client), client)
    request = header + struct.pack(">i", 0)
    try:
        with (
            socket.create_connection((address.host, address.port), SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=address.host) as connection,
        ):
            connection.sendall(struct.pack(">i", len(request)) + request)
            (length,) = struct.unpack(">i", _read(connection, 4))
            answer = _read(connection, min(length, LARGEST_ANSWER))
            _, brokers = struct.unpack_from(">ii", answer)
    except (OSError, struct.error) as error:
        raise NotReady(str(error)) from error
    if brokers < 1:
        raise NotReady("no broker is alive yet")


def ask_postgres(dsn: str) -> None:
    """Hold when the database answers a query."""
    try:
        with psycopg.connect(dsn, connect_timeout=int(SECONDS)) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise NotReady(str(error).strip()) from error


def ask_opensearch(url: str, token: str) -> None:
    """Hold when the cluster is yellow or green (one node without replicas can be either)."""
    status, body = get(f"{url}/_cluster/health", token)
    if status != http.client.OK:
        raise NotReady(f"answered {status}")
    if (colour := json.loads(body)["status"]) == "red":
        raise NotReady(f"the cluster is {colour}")


def ask_flink(address: Address, keys: Path, slots: int) -> None:
    """Hold when the JobManager counts that many slots; it answers to the cluster's own key, which it makes itself."""
    certificate, key = keys / "certificate.pem", keys / "key.pem"
    if not (keys / "store.p12").exists():
        raise NotReady("the JobManager has not made its key yet")
    context = ssl.create_default_context(cafile=certificate)
    context.load_cert_chain(certificate, key)
    status, body = get(f"https://{address}/overview", context=context)
    if status != http.client.OK:
        raise NotReady(f"/overview answered {status}")
    if (there := json.loads(body)["slots-total"]) < slots:
        raise NotReady(f"{there} of {slots} slots are registered")


def ask_healthz(address: Address) -> None:
    """Hold when a process of ours answers 200 on `/healthz`."""
    status, body = get(f"http://{address}/healthz")
    if status != http.client.OK:
        raise NotReady(f"/healthz answered {status}: {body[:200].decode(errors='replace')}")


def read_lag(address: Address) -> float | None:
    """Read the `lag`, in records, in the JSON that a process of ours answers on `/healthz`; None if unknown."""
    try:
        _, body = get(f"http://{address}/healthz")
        lag = json.loads(body)["lag"]
    except (NotReady, ValueError, KeyError, TypeError):
        return None
    return None if lag is None else float(lag)


def is_isolated(address: Address) -> bool:
    """Say whether user code runs under another account than ours, by the word of the Ray head; not if it is silent."""
    try:
        _, body = get(f"http://{address}/metrics")
    except NotReady:
        return False
    return b"headrace_ray_isolation 1.0" in body.splitlines()


def get(url: str, token: str | None = None, context: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    """Fetch a page, with `token` as the password of basic authentication, and give its status and body.

    `context` says who a server behind `https` must be, and who we are.
    """
    parts = urlsplit(url)
    headers = {}
    if token is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"admin:{token}".encode()).decode()
    host = parts.hostname or ""
    connection = (
        http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=context)
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=SECONDS)
    )
    try:
        connection.request("GET", parts.path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(LARGEST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise NotReady(str(error) or type(error).__name__) from error
    finally:
        connection.close()


def _read(connection: ssl.SSLSocket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        part = connection.recv(length - len(received))
        if not part:
            raise ConnectionError("the broker closed the connection")
        received += part
    return received
