"""Rows of a streaming feature group: an owner reads them, and only the platform writes them."""

from __future__ import annotations

from tests.unit.processors.provisioning.test_topics import WEATHER, flights

from headrace_broker.acls import STREAMS, Rule
from headrace_events.certificate import CertificateIssued, CertificateRequested
from headrace_events.feature_group_streaming import StreamingDeclared
from headrace_events.ids import Micros
from headrace_events.member import MemberAdded
from headrace_events.roles import Role
from headrace_events.topic import TopicClosed

DECLARED = StreamingDeclared(
    name="weather",
    version=1,
    topic=WEATHER,
    source="readings",
    source_version=1,
    source_topic="flights.features.readings.1",
    keys=("origin",),
    aggregations=(),
    slide_seconds=600,
    allowed_lateness_seconds=0,
)
JOINED = (
    MemberAdded(user="ada", role=Role.DATA_OWNER),
    CertificateRequested(user="ada", generation=1, signing_request="csr"),
    CertificateIssued(user="ada", generation=1, certificate="pem", serial="1", expires=Micros(9)),
)
ADA = "flights__ada__1"
DENIED = Rule(ADA, "topic", WEATHER, False, "write", denied=True)


def test_an_owner_may_write_all_features_but_those_that_are_streamed() -> None:
    rules = flights(*JOINED, DECLARED).rules()
    assert Rule(ADA, "topic", "flights.features.", True, "write") in rules
    assert DENIED in rules
    assert {rule for rule in rules if rule.denied} == {DENIED}


def test_who_gets_a_certificate_later_may_not_either() -> None:
    assert DENIED in flights(DECLARED, *JOINED).rules()
    (pending,) = flights(DECLARED, *JOINED[:2]).certificates.values()
    assert DENIED in flights(DECLARED, *JOINED[:2]).rules_of(pending)


def test_the_platform_writes_them() -> None:
    rules = flights(*JOINED, DECLARED).rules()
    assert Rule(STREAMS, "topic", "flights.features.", True, "write") in rules
    assert not any(rule.denied and rule.principal == STREAMS for rule in rules)


def test_nothing_is_denied_for_a_group_that_is_deleted() -> None:
    assert DENIED not in flights(*JOINED, DECLARED, TopicClosed(name=WEATHER)).rules()
