"""Generations of certificates."""

from tests.unit.events.scenario import Scenario, project

from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    CertificateRevoked,
    Ending,
    RecordCertificate,
    RecordCertificatesClosed,
    RejectCertificateRequest,
    RequestCertificate,
    RevokeCertificate,
)
from headrace_events.certificate_life import LIVE_AT_MOST, UNEXPIRED_AT_MOST
from headrace_events.ids import Micros
from headrace_processors.commands.handle import Refused

REQUEST = RequestCertificate(project="flights", user="bob", signing_request="PEM")
GONE = Micros(1)


def issue(scenario: Scenario, generation: int, expires: Micros = GONE) -> list[object]:
    scenario.events(REQUEST, "user:bob")
    record = RecordCertificate(
        project="flights", user="bob", generation=generation, certificate="PEM", serial="1", expires=expires
    )
    return list(scenario.events(record, "system:provisioning"))


def test_each_request_is_the_next_generation() -> None:
    scenario = project()
    for generation in (1, 2):
        (requested,) = scenario.events(REQUEST, "user:bob")
        assert requested == CertificateRequested(user="bob", generation=generation, signing_request="PEM")


def test_nobody_asks_for_anothers_certificate_but_an_administrator() -> None:
    assert project().refusal(REQUEST, "user:ada") == "not-your-certificate"
    assert project().events(REQUEST, "user:root-admin")


def test_who_is_no_member_gets_none() -> None:
    request = RequestCertificate(project="flights", user="eve", signing_request="PEM")
    assert project().refusal(request, "user:root-admin") == "member-not-found"


def test_a_request_has_some_size() -> None:
    longest = RequestCertificate(project="flights", user="bob", signing_request="x" * 10_000)
    assert project().events(longest, "user:bob")
    longer = RequestCertificate(project="flights", user="bob", signing_request="x" * 10_001)
    assert project().refusal(longer, "user:bob") == "signing-request-too-large"


def test_a_certificate_nobody_asked_for_is_not_recorded() -> None:
    record = RecordCertificate(
        project="flights", user="bob", generation=1, certificate="PEM", serial="1", expires=Micros(1)
    )
    assert project().refusal(record, "system:provisioning") == "not-pending"


def test_the_oldest_generation_makes_room_for_one_too_many() -> None:
    scenario = project()
    for generation in range(1, LIVE_AT_MOST + 1):
        assert len(issue(scenario, generation)) == 1
    issued, revoked = issue(scenario, LIVE_AT_MOST + 1)
    assert isinstance(issued, CertificateIssued)
    assert revoked == CertificateRevoked(user="bob", generation=1, reason=Ending.SUPERSEDED)


def test_who_asks_again_and_again_waits_until_the_first_has_expired() -> None:
    scenario = project()
    first, later = Micros(1_000_000), Micros(2_000_000)
    for generation in range(1, UNEXPIRED_AT_MOST + 1):
        issue(scenario, generation, first if generation == 1 else later)
    refused = scenario.when(REQUEST, "user:bob")
    assert isinstance(refused, Refused)
    assert (refused.refusal.code, refused.refusal.details) == ("too-many-certificates", {"until": str(first)})
    assert scenario.events(RequestCertificate(project="flights", user="ada", signing_request="PEM"))
    scenario.world.now = first
    assert scenario.events(REQUEST, "user:bob")
    assert scenario.refusal(REQUEST, "user:bob") == "too-many-certificates"


def test_what_waits_to_be_signed_counts_and_what_was_rejected_does_not() -> None:
    scenario = project()
    for _ in range(UNEXPIRED_AT_MOST):
        scenario.events(REQUEST, "user:bob")
    assert scenario.refusal(REQUEST, "user:bob") == "too-many-certificates"
    rejected = RejectCertificateRequest(project="flights", user="bob", generation=5, reason="no request")
    scenario.events(rejected, "system:provisioning")
    assert scenario.events(REQUEST, "user:bob")


def test_a_renewal_names_what_it_renews() -> None:
    scenario = project()
    renewal = RequestCertificate(project="flights", user="bob", signing_request="PEM", replaces=1)
    assert scenario.refusal(renewal, "user:bob") == "certificate-not-found"
    issue(scenario, 1)
    (requested,) = scenario.events(renewal, "user:bob")
    assert requested == CertificateRequested(user="bob", generation=2, signing_request="PEM", replaces=1)


def test_what_provisioning_has_closed_is_revoked_or_never_issued_and_says_why() -> None:
    scenario = project()
    issue(scenario, 1)
    scenario.events(REQUEST, "user:bob")
    closed = RecordCertificatesClosed(
        project="flights", user="bob", generations=(1, 2, 3), reason=Ending.MEMBER_REMOVED
    )
    assert scenario.events(closed, "system:provisioning") == [
        CertificateRevoked(user="bob", generation=1, reason=Ending.MEMBER_REMOVED),
        CertificateRejected(user="bob", generation=2, reason="bob left the project before it was signed"),
    ]
    assert scenario.events(closed, "system:provisioning") == []


def test_a_revoked_generation_cannot_be_revoked_again() -> None:
    scenario = project()
    issue(scenario, 1)
    revoke = RevokeCertificate(project="flights", user="bob", generation=1)
    assert scenario.events(revoke) == [CertificateRevoked(user="bob", generation=1)]
    assert scenario.refusal(revoke) == "certificate-not-found"
