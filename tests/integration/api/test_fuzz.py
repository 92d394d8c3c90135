"""Whatever the document allows, and what it does not, sent to a whole platform by everybody who may be asking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from tests.asking import Route, routes
from tests.fuzzing import any_request, check, well_formed
from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform
from tests.integration.served import ADMINISTRATOR_KEY, Served
from tests.integration.stack import running_stack

from headrace_api.app import build
from headrace_api.context import opened
from headrace_api.settings import Settings
from headrace_broker.command_client import CommandClient
from headrace_events.member import AddMember
from headrace_events.project import CreateProject
from headrace_events.roles import Role

pytestmark = pytest.mark.long

DOCUMENT = build(lambda: opened(Settings.read())).openapi()
EXAMPLES = 4
"""For each route, each sent by all three; before them a well-formed request, which is sent by all three too."""

SERVICES = ("api", "online", "offline", "search", "lineage", "audit", "monitoring", "provisioning")
MADE = ("create_topic", "create_feature_group", "create_feature_view", "register", "create_study", "offer_share")
"""Operations that make what others ask for."""

SPENDING = (
    "projects-archive_project",
    "projects-unarchive_project",
    "projects-mark_sensitive",
    "projects-delete_project",
)
"""After these a project is not what others need: they have one of their own."""

LAST = ("authorities-rotate_authority", "authorities-retire_authority")
"""After these the platform's certificates are other ones."""

EVERY = sorted(routes(DOCUMENT), key=lambda route: route.operation in LAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The platform, and who asks it: a Data Scientist, a Data Owner, an administrator."""

    url: str
    keys: tuple[str, str, str]
    session: requests.Session

    def send(self, case: Case[Any]) -> None:
        """Send it as each of them; raises where an answer is not as it should be."""
        for key in self.keys:
            authorization = {"Authorization": f"Bearer {key}"}
            check(case, case.call(base_url=self.url, headers=authorization, session=self.session))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A stack of its own: some of what is sent cannot be taken back."""
    home = tmp_path_factory.mktemp("fuzzed")
    with running_stack(home, *SERVICES) as stack, requests.Session() as session:
        client = CommandClient(connection(stack, "api"))
        platform = Platform(stack=stack, client=client)
        platform.found()
        url = stack.site.api_url
        with httpx.Client(base_url=url, timeout=60) as http:
            served = Served(platform=platform, url=url, home=home, http=http)
            keys = (served.key("bob"), served.key("ada"), ADMINISTRATOR_KEY)
            for name, owner in (("flights", "ada"), ("spent", "ada"), ("rival", "eve")):
                made(served, name, owner)
        asking = Asked(url=url, keys=keys, session=session)
        for route in EVERY:
            if route.operation.partition("-")[2] in MADE:
                asking.send(well_formed(DOCUMENT, route, "flights"))
        yield asking
        client.close()


def made(served: Served, name: str, owner: str) -> None:
    """A ready project with bob as a scientist and dora as one more member, whom tables show."""
    platform = served.platform
    for user in (owner, "bob", "dora"):
        platform.user(user)
    platform.send(CreateProject(project=name, owner=owner))
    eventually(lambda: platform._ready(name, owner, "bob"), f"project {name} to be ready", 90)
    platform.send(AddMember(project=name, user="dora", role=Role.DATA_SCIENTIST), f"user:{owner}")
    where = f"/api/projects/{name}/members/dora"
    eventually(lambda: served.ask("GET", where).is_success or None, f"members of {name} to be shown")


@pytest.mark.parametrize("route", EVERY, ids=lambda route: route.operation)
def test_no_request_finds_a_bug_and_every_answer_is_in_the_document(asked: Asked, route: Route) -> None:
    project = "spent" if route.operation in SPENDING else "flights"

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=any_request(DOCUMENT, route, project, user="dora"))
    def anything(case: Case[Any]) -> None:
        asked.send(case)

    asked.send(well_formed(DOCUMENT, route, project, user="dora"))
    anything()
