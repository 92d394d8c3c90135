"""Limits on clients, as the brokers keep them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from tests.integration.clients import connection, eventually
from tests.integration.faults.killing import kill
from tests.integration.platform import Platform

from headrace_broker.client_quotas import ClientQuotas
from headrace_broker.errors import NotAuthorised
from headrace_events.quota_setting import SetQuota


def held(platform: Platform, project: str) -> dict[str, dict[str, float]]:
    """What the brokers hold the project's certificates to."""
    limits = ClientQuotas(connection(platform.stack, "broker")).limits()
    return {who: limit for who, limit in limits.items() if who.startswith(f"{project}__")}


def until_held(platform: Platform, project: str, wanted: dict[str, dict[str, float]]) -> None:
    """Return when that is what they hold them to."""
    eventually(lambda: True if held(platform, project) == wanted else None, f"the limits {wanted}", 60)


def test_a_limit_is_given_changed_and_taken_away(platform: Platform) -> None:
    quotas = ClientQuotas(connection(platform.stack, "broker"))
    quotas.change({"nobody__at__1": {"producer_byte_rate": 1_000.0, "request_percentage": 12.5}})
    assert quotas.limits()["nobody__at__1"] == {"producer_byte_rate": 1_000.0, "request_percentage": 12.5}
    quotas.change({"nobody__at__1": {"producer_byte_rate": None, "request_percentage": 25.0}})
    assert quotas.limits()["nobody__at__1"] == {"request_percentage": 25.0}
    quotas.change({"nobody__at__1": {"request_percentage": None}})
    assert "nobody__at__1" not in quotas.limits()


def test_no_member_changes_limits(platform: Platform, tmp_path: Path) -> None:
    name = platform.project()
    quotas = ClientQuotas(platform.member_connection(name, "ada", tmp_path))
    with pytest.raises(NotAuthorised):
        quotas.change({f"{name}__ada__1": {"producer_byte_rate": 1e12}})
    with pytest.raises(NotAuthorised):
        quotas.limits()


def test_the_brokers_slow_down_who_writes_faster_than_the_project_may(platform: Platform, tmp_path: Path) -> None:
    name = platform.project()
    owner = platform.member_connection(name, "ada", tmp_path)
    platform.send(SetQuota(project=name, quota="produce-bytes-per-second", limit=1_000))
    rate = {"producer_byte_rate": 1_000.0}
    until_held(platform, name, {f"{name}__ada__1": rate})
    platform.member_connection(name, "bob", tmp_path)
    until_held(platform, name, {f"{name}__ada__1": rate, f"{name}__bob__1": rate})
    slowed: list[Any] = []
    producer = Producer({**owner.librdkafka(), "throttle_cb": slowed.append})

    def told() -> bool | None:
        producer.produce(f"{name}.runs", value=b"x" * 20_000)
        producer.poll(0.2)
        return True if slowed else None

    eventually(told, "the brokers to slow the producer down", 60)
    producer.purge()
    kill(platform.stack, "provisioning")
    ClientQuotas(connection(platform.stack, "broker")).change({f"{name}__ada__1": {"producer_byte_rate": 1e12}})
    kill(platform.stack, "provisioning")
    until_held(platform, name, {f"{name}__ada__1": rate, f"{name}__bob__1": rate})
    platform.send(SetQuota(project=name, quota="produce-bytes-per-second"))
    until_held(platform, name, {})
