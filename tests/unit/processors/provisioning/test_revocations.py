"""What has to be on the revocation list, whenever provisioning starts to fold."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.unit.processors.provisioning.test_shut_out import PROJECT, at, certificate, folded

from headrace_events.certificate import CertificateRevoked, Ending
from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_events.revocation_list import RevocationListPublished
from headrace_processors.provisioning.endings import Endings
from headrace_processors.provisioning.revocations import LASTS, RevocationsOf
from headrace_processors.provisioning.wanted import Wanted

REVOKED = at(6, CertificateRevoked(user="bob", generation=1, reason=Ending.REVOKED), "flights")
NOW = Micros(10)


def after(*events: Recorded) -> RevocationsOf:
    return folded(events).revocations.of(1)


def listing(revocations: RevocationsOf, now: Micros = NOW) -> RevocationListPublished:
    due = revocations.due(now)
    assert due is not None
    return due


def test_there_is_a_first_list_with_nothing_on_it() -> None:
    first = listing(after(*certificate(1, 3)))
    assert (first.number, first.added, first.next_update) == (1, (), NOW + LASTS)


def test_what_was_revoked_is_on_the_next_list_and_the_ones_after() -> None:
    revocations = after(*certificate(1, 3), REVOKED)
    first = listing(revocations)
    ((one),) = first.added
    assert (one.serial, one.revoked, one.reason) == ("1", 6, Ending.REVOKED)
    revocations.published(first)
    assert revocations.due(NOW) is None
    second = listing(revocations, Micros(NOW + LASTS // 2))
    assert (second.number, second.added) == (2, ())
    assert revocations.entries(second) == [one]


@pytest.mark.parametrize("order", list(permutations(["project", "platform"])))
def test_a_list_that_was_published_is_not_published_again(order: tuple[str, ...]) -> None:
    first = listing(after(*certificate(1, 3), REVOKED))
    topics = {"project": (*certificate(1, 3), REVOKED), "platform": (at(9, first),)}
    revocations = after(*(event for name in order for event in topics[name]))
    assert revocations.due(NOW) is None
    assert revocations.number == 1


def test_what_has_expired_is_left_out() -> None:
    revocations = after(*certificate(1, 3), REVOKED)
    revocations.published(listing(revocations))
    much_later = Micros(2**60)
    last = listing(revocations, much_later)
    assert revocations.entries(last) == []
    assert listing(after(*certificate(1, 3), REVOKED), much_later).added == ()


def test_the_certificates_of_a_deleted_project_are_on_it_by_its_own_log() -> None:
    wanted, endings = Wanted(), Endings()
    for event in PROJECT:
        wanted.apply(event)
    endings.apply([*certificate(1, 3), *certificate(2, 3)])
    endings.apply([REVOKED])
    project = wanted.projects["flights"]
    project.end_certificates(endings.deleted(NOW))
    added = listing(wanted.revocations.of(1)).added
    assert [(one.serial, one.revoked, one.reason) for one in added] == [
        ("1", 6, Ending.REVOKED),
        ("2", NOW, Ending.PROJECT_DELETED),
    ]
    assert project.ended
