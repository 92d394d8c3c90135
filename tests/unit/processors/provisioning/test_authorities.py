"""What provisioning wants of the authorities."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.unit.processors.provisioning.test_shut_out import at, folded

from headrace_events.authority import (
    AuthorityAdded,
    AuthorityRetired,
    AuthorityRetirementRequested,
    AuthorityRotationRequested,
)
from headrace_events.certificate import CertificateIssued, CertificateRevoked
from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_events.revocation_list import RevocationListPublished
from headrace_processors.provisioning.rotation import WantedAuthorities

REQUESTED = at(3, AuthorityRotationRequested(authority=2))
ADDED = at(4, AuthorityAdded(authority=2, certificate="PEM", overlaps_until=Micros(9)))
GOING = at(5, AuthorityRetirementRequested(authority=1))
RETIRED = at(6, AuthorityRetired(authority=1))


def after(*events: Recorded) -> WantedAuthorities:
    return folded(events).authorities


def test_one_is_wanted_until_it_is_there() -> None:
    assert after().coming is None
    assert after(REQUESTED).coming == (2, REQUESTED.at)
    assert after(REQUESTED, ADDED).coming is None


def test_one_is_to_go_until_it_is_gone() -> None:
    assert after(REQUESTED, ADDED).going is None
    assert after(REQUESTED, ADDED, GOING).going == (1, GOING.at)
    assert after(REQUESTED, ADDED, GOING, RETIRED).going is None


def test_each_authority_takes_back_what_it_signed() -> None:
    issued = CertificateIssued(
        user="bob", generation=1, certificate="PEM", serial="7", expires=Micros(2**60), authority=2
    )
    revoked = CertificateRevoked(user="bob", generation=1)
    revocations = folded((at(3, issued, "flights"), at(4, revoked, "flights"))).revocations
    listed = {number: revocations.of(number).due(Micros(10)) for number in (1, 2)}
    assert {number: [one.serial for one in due.added] for number, due in listed.items() if due} == {1: [], 2: ["7"]}


@pytest.mark.parametrize("order", list(permutations(["project", "platform"])))
def test_what_a_retired_authority_takes_back_is_kept_no_more(order: tuple[str, ...]) -> None:
    issued = CertificateIssued(user="bob", generation=1, certificate="PEM", serial="7", expires=Micros(2**60))
    revoked = CertificateRevoked(user="bob", generation=1)
    topics = {
        "project": (at(3, issued, "flights"), at(4, revoked, "flights")),
        "platform": (
            at(5, RevocationListPublished(authority=1, number=1, added=(), next_update=Micros(9))),
            REQUESTED,
            ADDED,
            GOING,
            RETIRED,
        ),
    }
    assert folded([event for name in order for event in topics[name]]).revocations.lists == {}
