"""What provisioning wants the brokers to hold the clients of a project to."""

from __future__ import annotations

from tests.unit.processors.provisioning.test_shut_out import PROJECT, SHUT, at, certificate

from headrace_events.envelope import Recorded
from headrace_events.quota import Quota, QuotaChanged
from headrace_processors.provisioning.wanted import Wanted
from headrace_processors.provisioning.wanted_project import WantedProject

BOB = "flights__bob__1"


def changed(quota: Quota, limit: int | None) -> Recorded:
    return at(6, QuotaChanged(project="flights", quota=quota, limit=limit))


def after(*events: Recorded) -> WantedProject:
    wanted = Wanted()
    for event in (*PROJECT, *certificate(1, 3), *events):
        wanted.apply(event)
    return wanted.projects["flights"]


def test_nobody_is_held_to_anything_until_an_administrator_says_so() -> None:
    assert after().client_limits() == {}
    assert after(changed(Quota.TOPICS, 5)).client_limits() == {}


def test_every_live_certificate_is_held_to_the_rates_of_its_project() -> None:
    fetch, share = changed(Quota.FETCH_RATE, 1_000), changed(Quota.REQUEST_SHARE, 50)
    project = after(fetch, share, *certificate(2, 8))
    rates = {"consumer_byte_rate": 1_000, "request_percentage": 50}
    assert project.client_limits() == {BOB: rates, "flights__bob__2": rates}
    assert project.rules_changed


def test_a_rate_that_is_taken_back_holds_nobody() -> None:
    assert after(changed(Quota.PRODUCE_RATE, 1), changed(Quota.PRODUCE_RATE, None)).client_limits() == {}


def test_who_is_shut_out_needs_no_limits() -> None:
    assert after(changed(Quota.PRODUCE_RATE, 1), SHUT).client_limits() == {}


def test_a_rate_of_a_project_that_is_gone_is_nobody_s() -> None:
    wanted = Wanted()
    wanted.apply(changed(Quota.PRODUCE_RATE, 1))
    assert wanted.projects == {}
