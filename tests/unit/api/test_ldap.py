"""LDAP without a server: what is sent, what is not believed, what settings cannot be."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pyasn1_modules import rfc2251
from tests.unit.api.in_memory import Service

from headrace_api.ldap import messages
from headrace_api.ldap.directory import AT_ONCE, MOST_WAITING, Directory, Entry
from headrace_api.ldap.errors import DirectoryUnavailable, NotKnownThere
from headrace_api.ldap.settings import LdapSettings
from headrace_api.ldap.wire import TIMEOUT_S
from headrace_broker.sealing import MasterKey

TLS_COMES = bytes.fromhex("300c02010178070a010004000400")
"""Success, to the first question, which is StartTLS."""


@given(st.text())
def test_a_name_is_compared_as_it_stands_whatever_stands_in_it(name: str) -> None:
    value = name.encode("utf-8", "surrogatepass")
    sent = messages.search(7, b"dc=example", "uid", value, below=True, wanted=("uid",), most=3)
    decoded, rest = decoder.decode(sent, asn1Spec=rfc2251.LDAPMessage())
    asked = decoded["protocolOp"]["searchRequest"]["filter"]
    assert (rest, asked.getName()) == (b"", "equalityMatch")
    assert bytes(asked["equalityMatch"]["assertionValue"]) == value


@given(st.binary(max_size=200))
def test_bytes_are_a_message_or_refused(sent: bytes) -> None:
    try:
        assert messages.read(sent).number >= 0
    except DirectoryUnavailable:
        return


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[int, bytearray]]:
    """A server that gives this answer to the first question, and nothing more: its port, and what it heard."""
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):  # the client hangs up with what it did not read
                heard.extend(connection.recv(4096))
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while more := connection.recv(4096):
                    heard.extend(more)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(10)


NOT_BELIEVED = {
    "nothing": b"",
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a long message": b"\x30\x84\x7f\xff\xff\xff",
    "a longer one": b"\x30\x89" + b"\xff" * 9,
    "no TLS": bytes.fromhex("300c02010178070a010204000400"),
    "an answer to another question": bytes.fromhex("300c02010278070a010004000400"),
    "an answer of another kind": bytes.fromhex("300c02010161070a010004000400"),
    "TLS that does not come": TLS_COMES,
    "an answer in clear after it": TLS_COMES + bytes.fromhex("300c02010261070a010004000400"),
}


def directory(port: int, seconds: float = TIMEOUT_S) -> Directory:
    settings = LdapSettings(host="127.0.0.1", port=port, starts_tls=True, base="dc=x")
    return Directory(settings, MasterKey(bytes(32)), seconds=seconds)


@pytest.mark.parametrize("answer", NOT_BELIEVED.values(), ids=NOT_BELIEVED.keys())
def test_what_comes_in_clear_is_never_taken_for_more_than_the_turn_to_tls(answer: bytes) -> None:
    with answering(answer) as (port, heard), pytest.raises(DirectoryUnavailable):
        asyncio.run(directory(port).found("ada"))
    assert b"ada" not in heard
    assert messages.START_TLS in heard


def test_an_empty_name_or_password_is_refused_unsent() -> None:
    nowhere = directory(1)
    assert asyncio.run(nowhere.found("")) is None
    with pytest.raises(NotKnownThere):
        asyncio.run(nowhere.proven(Entry(dn=b"uid=ada", name="ada", id=b"1", belongs=True), ""))


@contextmanager
def hanging(answer: bytes = b"", every: float = 60.0) -> Iterator[tuple[int, threading.Event]]:
    """A server that says one byte each so often: its port, and what lets it hang up."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):  # the client hangs up when it has waited long enough
                for byte in answer:
                    connection.sendall(bytes([byte]))
                    if over.wait(every):
                        return
                over.wait(60)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], over
        finally:
            over.set()
            thread.join(10)


def test_a_directory_that_says_a_byte_now_and_then_is_given_up() -> None:
    bytewise = hanging(bytes.fromhex("30820fff") + bytes(200), every=0.05)
    with bytewise as (port, _), pytest.raises(DirectoryUnavailable, match=r"it takes too long|timed out"):
        asyncio.run(directory(port, seconds=0.5).found("ada"))


def test_a_directory_that_hangs_holds_up_no_password_of_headrace(service: Service) -> None:
    wish = {"user": "ada", "password": "x"}
    with hanging() as (port, over):
        context = service.http_context()
        service.app.state.context = replace(context, directory=directory(port, seconds=60))
        answers: list[httpx.Response] = []
        waiting = threading.Thread(target=lambda: answers.append(service.http.post("/api/ldap/sessions", json=wish)))
        waiting.start()
        assert service.http.post("/api/sessions", json=wish).json()["code"] == "wrong-password"
        assert waiting.is_alive()
        over.set()
        waiting.join(30)
    service.app.state.context = replace(service.http_context(), directory=None)
    assert [answer.json()["code"] for answer in answers] == ["directory-unavailable"]


def test_who_comes_when_too_many_wait_for_the_directory_is_told_at_once() -> None:
    crowded = directory(1)
    with ExitStack() as within:
        for _ in range(AT_ONCE + MOST_WAITING):
            within.enter_context(crowded.admitted())
        with pytest.raises(DirectoryUnavailable, match="too many"), crowded.admitted():
            pass
    with crowded.admitted():
        pass


def test_without_a_directory_it_says_so(service: Service) -> None:
    answer = service.http.post("/api/ldap/sessions", json={"user": "ada", "password": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-directory")
    assert service.http.get("/api/ldap").json()["code"] == "no-directory"


GIVEN = {"HEADRACE_LDAP_URL": "ldap://there", "HEADRACE_LDAP_BASE": "dc=example"}


def test_settings_say_what_cannot_be(tmp_path: Path) -> None:
    assert LdapSettings.read({}) is None
    read = LdapSettings.read(GIVEN)
    assert read is not None
    assert (read.host, read.port, read.starts_tls) == ("there", 389, True)
    secret = tmp_path / "secret"
    secret.write_text("of the reader\n")
    bound = {"HEADRACE_LDAP_BIND_DN": "cn=reader", "HEADRACE_LDAP_BIND_PASSWORD_FILE": str(secret)}
    read = LdapSettings.read({**GIVEN, **bound, "HEADRACE_LDAP_URL": "ldaps://there"})
    assert read is not None
    assert (read.port, read.starts_tls, read.bind_password) == (636, False, "of the reader")
    assert "of the reader" not in repr(read)
    for wrong in (
        {"HEADRACE_LDAP_URL": "http://there"},
        {"HEADRACE_LDAP_URL": "ldap://"},
        {"HEADRACE_LDAP_UNKNOWN": "maybe"},
        {"HEADRACE_LDAP_TRUST_NAMES": "maybe"},
        {"HEADRACE_LDAP_BIND_DN": "cn=reader"},
        {"HEADRACE_LDAP_GROUPS": "cn=those"},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            LdapSettings.read({**GIVEN, **wrong})
