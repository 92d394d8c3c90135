"""What provisioning wants of the brokers for people who were shut out, in whatever order the topics are read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest

from headrace_events.certificate import CertificateIssued, CertificateRequested, CertificateRevoked
from headrace_events.envelope import Position, Recorded
from headrace_events.ids import CommandId, EventId, Micros
from headrace_events.language import Event
from headrace_events.member import MemberAdded
from headrace_events.project import ProjectReady, ProjectRequested
from headrace_events.roles import Role
from headrace_events.user import UserActivated, UserDeactivated
from headrace_processors.provisioning.wanted import Wanted

OUT = Position("platform", 0, 5)


def at(time: int, event: Event, project: str | None = None) -> Recorded:
    return Recorded(
        event=event,
        id=EventId("e"),
        project=project,
        seq=time,
        version=1,
        actor="user:root-admin",
        cause=CommandId("c"),
        time=Micros(time),
        at=Position(project or "platform", 0, time),
    )


def certificate(generation: int, asked: int) -> tuple[Recorded, Recorded]:
    requested = CertificateRequested(user="bob", generation=generation, signing_request="PEM")
    issued = CertificateIssued(
        user="bob", generation=generation, certificate="PEM", serial=str(generation), expires=Micros(2**60)
    )
    return at(asked, requested, "flights"), at(asked + 1, issued, "flights")


PROJECT = (
    at(1, ProjectRequested(project="flights", owner="ada")),
    at(2, ProjectReady(project="flights", topics=())),
    at(2, MemberAdded(user="bob", role=Role.DATA_SCIENTIST), "flights"),
)
SHUT = at(5, UserDeactivated(user="bob", reason=""))
BACK = at(7, UserActivated(user="bob"))


def folded(events: Sequence[Recorded]) -> Wanted:
    wanted = Wanted()
    for event in (*PROJECT, *events):
        wanted.apply(event)
    return wanted


def generations(wanted: Wanted) -> set[str]:
    rules = wanted.projects["flights"].rules()
    return {rule.principal.rpartition("__")[2] for rule in rules if rule.principal.startswith("flights__bob__")}


def test_no_rule_names_who_is_shut_out() -> None:
    before = certificate(1, 3)
    assert generations(folded(before)) == {"1"}
    assert generations(folded((*before, SHUT))) == set()
    assert generations(folded((SHUT, *before))) == set()


@pytest.mark.parametrize("order", list(permutations(["platform", "old", "new"])))
def test_an_old_certificate_never_comes_back_to_life(order: tuple[str, ...]) -> None:
    topics = {"platform": (SHUT, BACK), "old": certificate(1, 3), "new": certificate(2, 8)}
    wanted = folded([event for name in order for event in topics[name]])
    assert generations(wanted) == {"2"}
    (dead,) = wanted.projects["flights"].dead()
    assert (dead.user, dead.generations, dead.at) == ("bob", (1,), OUT)


def test_a_request_that_waited_is_closed_too() -> None:
    asked, _ = certificate(1, 3)
    wanted = folded((asked, SHUT))
    project = wanted.projects["flights"]
    assert project.rules_of(project.certificates["bob", 1]) == set()
    (dead,) = project.dead()
    project.bury(dead)
    assert project.certificates == {}
    assert project.dead() == []


def test_what_was_revoked_is_closed_no_more() -> None:
    revoked = at(6, CertificateRevoked(user="bob", generation=1), "flights")
    wanted = folded((*certificate(1, 3), SHUT, revoked))
    assert wanted.projects["flights"].dead() == []
