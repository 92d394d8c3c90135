"""How many certificates are in which state."""

from __future__ import annotations

from tests.unit.processors.provisioning.test_shut_out import at, folded

from headrace_events.authority import AuthorityRetired
from headrace_events.certificate import CertificateIssued, CertificateRequested, CertificateRevoked
from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_processors.provisioning.issued import standing

LIFE = 300


def certificate(generation: int, begins: int, replaces: int | None = None) -> tuple[Recorded, Recorded]:
    """One that lasts for 300 µs."""
    asked = CertificateRequested(user="bob", generation=generation, signing_request="PEM", replaces=replaces)
    issued = CertificateIssued(
        user="bob",
        generation=generation,
        certificate="PEM",
        serial=str(generation),
        begins=Micros(begins),
        expires=Micros(begins + LIFE),
    )
    return at(begins, asked, "flights"), at(begins + 1, issued, "flights")


def states(now: int, *events: Recorded) -> dict[str, int]:
    """The states that a certificate is in then."""
    wanted = folded(events)
    issued = [project.issued for project in wanted.projects.values()]
    counted = standing(issued, Micros(now), wanted.authorities.retired)
    return {state: number for state, number in counted.items() if number}


def test_a_certificate_expires_soon_from_two_thirds_of_its_life_on() -> None:
    one = certificate(1, 1_000)
    assert states(1_199, *one) == {"valid": 1}
    assert states(1_200, *one) == {"expires-soon": 1}
    assert states(1_299, *one) == {"expires-soon": 1}
    assert states(1_300, *one) == {"expired": 1}


def test_one_that_was_renewed_is_no_reason_to_warn_and_another_place_of_the_same_person_is() -> None:
    elsewhere = certificate(2, 1_000)
    events = (*certificate(1, 1_000), *elsewhere, *certificate(3, 1_200, replaces=1))
    assert states(1_250, *events) == {"superseded": 1, "expires-soon": 1, "valid": 1}


def test_a_revoked_one_is_not_counted_and_no_state_is_left_out() -> None:
    revoked = at(1_100, CertificateRevoked(user="bob", generation=1), "flights")
    assert states(1_150, *certificate(1, 1_000), revoked) == {}
    names = ("valid", "expires-soon", "superseded", "authority-retired", "expired")
    assert standing([], Micros(0)) == dict.fromkeys(names, 0)


def test_what_a_retired_authority_signed_counts_no_more() -> None:
    retired = at(1_120, AuthorityRetired(authority=1))
    assert states(1_150, *certificate(1, 1_000), retired) == {"authority-retired": 1}
    assert states(1_300, *certificate(1, 1_000), retired) == {"expired": 1}
    other = at(1_120, AuthorityRetired(authority=2))
    assert states(1_150, *certificate(1, 1_000), other) == {"valid": 1}
