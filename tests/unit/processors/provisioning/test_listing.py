"""Publishing revocation lists, whatever becomes of the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from headrace_broker.authority import CertificateAuthority
from headrace_broker.errors import BrokerError, OutcomeUnknown, Unavailable
from headrace_broker.trust import Trust
from headrace_events.certificate import Ending
from headrace_events.envelope import Request
from headrace_events.ids import Micros
from headrace_events.revocation_list import PublishRevocationList
from headrace_processors.provisioning.issued import IssuedCertificate
from headrace_processors.provisioning.listing import REST_S, RevocationLists
from headrace_processors.provisioning.revocations import ADDED_AT_MOST, Revocations

NEVER_EXPIRES = Micros(2**60)


class Sent:
    """The lists that were sent, unless the brokers fail."""

    def __init__(self) -> None:
        self.lists: list[PublishRevocationList] = []
        self.failure: Exception | None = None
        self.tries = 0

    def ask(self, request: Request) -> None:
        """Take the command, or fail."""
        self.tries += 1
        if self.failure is not None:
            raise self.failure
        assert isinstance(request.command, PublishRevocationList)
        self.lists.append(request.command)


def revoked(serials: range) -> Revocations:
    """What has to be on a list when these were revoked."""
    revocations = Revocations()
    for serial in serials:
        one = IssuedCertificate(serial=str(serial), begins=Micros(1), expires=NEVER_EXPIRES, replaces=None)
        revocations.revoke(one, Micros(2), Ending.REVOKED)
    return revocations


def trust(folder: Path) -> Trust:
    CertificateAuthority.create(folder)
    return Trust(folder)


@pytest.mark.parametrize("failure", [Unavailable("too large"), OutcomeUnknown("who knows"), TimeoutError()])
def test_a_list_that_cannot_be_published_is_tried_again_after_a_rest(
    tmp_path: Path, failure: BrokerError | TimeoutError
) -> None:
    now, sent, revocations = [0.0], Sent(), revoked(range(1, 3))
    lists = RevocationLists(trust(tmp_path), sent.ask, lambda: now[0])
    sent.failure = failure
    assert [lists.publish(revocations) for _ in range(3)] == [0, 0, 0]
    assert sent.tries == 1
    now[0], sent.failure = REST_S, None
    assert lists.publish(revocations) == 1
    assert [one.serial for one in sent.lists[0].added] == ["1", "2"]


def test_many_are_added_by_one_list_after_the_other_and_each_holds_all_so_far(tmp_path: Path) -> None:
    sent, revocations = Sent(), revoked(range(1, ADDED_AT_MOST + 2))
    lists = RevocationLists(trust(tmp_path), sent.ask)
    assert [lists.publish(revocations) for _ in range(3)] == [1, 1, 0]
    assert [(one.number, len(one.added)) for one in sent.lists] == [(1, ADDED_AT_MOST), (2, 1)]
    sizes = [len(list(x509.load_der_x509_crl(one.document))) for one in sent.lists]
    assert sizes == [ADDED_AT_MOST, ADDED_AT_MOST + 1]
