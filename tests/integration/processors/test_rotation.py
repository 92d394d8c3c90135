"""One authority follows another, with brokers and clients at work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform
from tests.integration.processors.test_provisioning import can_produce
from tests.integration.served import Served
from tests.integration.stack import running_stack

import headrace
from headrace_broker.command_client import CommandClient
from headrace_broker.connection import Connection
from headrace_broker.stores import lets_in
from headrace_broker.trust import Trust

pytestmark = pytest.mark.long


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Served]:
    """A stack of its own: what happens here cannot be taken back."""
    home = tmp_path / "home"
    with running_stack(home, "api", "projector", "command-processor", "provisioning") as stack:
        client = CommandClient(connection(stack, "api"))
        platform = Platform(stack=stack, client=client)
        platform.found()
        url = stack.site.api_url
        with httpx.Client(base_url=url, timeout=60) as http:
            yield Served(platform=platform, url=url, home=home, http=http)
        client.close()


def issuer(member: Connection) -> str:
    return x509.load_pem_x509_certificate(member.certificate.read_bytes()).issuer.rfc4514_string()


def test_both_are_believed_for_a_while_and_then_the_old_one_is_refused(alone: Served, tmp_path: Path) -> None:
    platform = alone.platform
    project = alone.new_project("ada", None)
    topic = f"{project}.runs"
    (tmp_path / "old.pem").write_bytes(platform.stack.credentials("broker").ca.read_bytes())
    old = replace(platform.member_connection(project, "ada", tmp_path), ca=tmp_path / "old.pem")
    with alone.administrator() as administrator:
        authorities = administrator.get_authorities_api()
        assert [(one.number, one.state) for one in authorities.get_authorities()] == [(1, "signing")]
        assert (authorities.rotate().number, authorities.get_authorities()[1].state) == (2, "believed")
        assert can_produce(old, topic), "a client that has seen only the old authority goes on"
        new = platform.member_connection(project, "ada", tmp_path)
        assert ("authority 2" in issuer(old), "authority 2" in issuer(new)) == (False, True)
        assert can_produce(new, topic)
        listed_by_both = administrator.get_certificates_api().get_authorities().count("BEGIN CERTIFICATE")
        assert listed_by_both == 2
        with pytest.raises(headrace.Conflict, match="count until later"):
            authorities.retire(1)
        authorities.retire(1, force=True)
        assert [one.state for one in authorities.get_authorities()] == ["signing", "retired"]
        listed = administrator.get_certificates_api().get_certificates(project=project)
        assert {one.generation: one.state for one in listed} == {1: "authority-retired", 2: "valid"}
    assert not lets_in(old)
    assert can_produce(new, topic)
    assert Trust(platform.stack.site.home.secrets / "ca").believed() == [2]
    after = eventually(lambda: platform.member_connection(project, "ada", tmp_path), "another certificate")
    assert can_produce(after, topic)
