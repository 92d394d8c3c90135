"""What provisioning wants of the brokers for members who have left, and come again."""

from __future__ import annotations

from tests.unit.processors.provisioning.test_shut_out import at, certificate, folded, generations

from headrace_events.certificate import CertificateRejected, CertificateRevoked, Ending
from headrace_events.member import MemberAdded, MemberRemoved
from headrace_events.roles import Role

LEFT = at(5, MemberRemoved(user="bob"), "flights")
BACK = at(7, MemberAdded(user="bob", role=Role.DATA_SCIENTIST), "flights")


def test_what_a_member_had_or_waited_for_is_to_be_revoked_when_they_have_left() -> None:
    asked, _ = certificate(2, 4)
    wanted = folded((*certificate(1, 3), asked, LEFT))
    assert generations(wanted) == set()
    dead = wanted.projects["flights"].dead()
    assert {(one.generations, one.reason, one.at) for one in dead} == {
        ((1,), Ending.MEMBER_REMOVED, LEFT.at),
        ((2,), Ending.MEMBER_REMOVED, LEFT.at),
    }


def test_an_old_certificate_does_not_come_back_with_its_person() -> None:
    _, issued_late = certificate(1, 5)
    asked, _ = certificate(1, 3)
    wanted = folded((asked, LEFT, issued_late, BACK, *certificate(2, 8)))
    assert generations(wanted) == {"2"}
    assert [one.generations for one in wanted.projects["flights"].dead()] == [(1,)]


def test_what_was_revoked_or_rejected_is_closed_no_more() -> None:
    asked, _ = certificate(2, 4)
    revoked = at(8, CertificateRevoked(user="bob", generation=1), "flights")
    rejected = at(9, CertificateRejected(user="bob", generation=2, reason=""), "flights")
    assert folded((*certificate(1, 3), asked, LEFT, revoked, rejected)).projects["flights"].dead() == []
