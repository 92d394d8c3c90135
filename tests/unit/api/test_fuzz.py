"""Whatever the document allows, and what it does not, sent to every route: no bug, and no answer it does not name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from tests.asking import Route, routes
from tests.fuzzing import any_request, check, well_formed
from tests.unit.api.in_memory import ADMINISTRATOR, Service

from headrace_api.app import build
from headrace_api.context import opened
from headrace_api.settings import Settings
from headrace_events.member import AddMember
from headrace_events.roles import Role

pytestmark = pytest.mark.long

DOCUMENT = build(lambda: opened(Settings.read())).openapi()
EXAMPLES = 15
"""For each route, each sent by all three."""


@pytest.fixture
def callers(service: Service) -> tuple[str, ...]:
    """The keys of a Data Owner, a Data Scientist and an administrator."""
    owner, scientist = service.key("ada"), service.key("bob")
    service.key("carol")
    service.project("flights", "ada")
    service.project("rival", "carol")
    service.do(AddMember(project="flights", user="bob", role=Role.DATA_SCIENTIST))
    return owner, scientist, ADMINISTRATOR


@pytest.mark.parametrize("route", routes(DOCUMENT), ids=lambda route: route.operation)
def test_no_request_finds_a_bug_and_every_answer_is_in_the_document(
    service: Service, callers: tuple[str, ...], route: Route
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=any_request(DOCUMENT, route, "flights"))
    def anything(case: Case[Any]) -> None:
        send(case)

    def send(case: Case[Any]) -> None:
        for key in callers:
            answer = case.call(base_url=str(service.http.base_url), headers={"Authorization": f"Bearer {key}"})
            check(case, answer, away=True)

    send(well_formed(DOCUMENT, route, "flights"))
    anything()
