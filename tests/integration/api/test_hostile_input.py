"""Hostile names in every place of a path, all the way to the tables."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.asking import HOSTILE, Route, routes, told
from tests.integration.served import Served


@pytest.fixture(scope="module")
def project(served: Served) -> str:
    """A project of ada's."""
    return served.new_project()


def test_no_name_in_a_path_reaches_a_table_as_anything_but_a_name(served: Served, project: str) -> None:
    rival = served.new_project("mallory", None)
    for route in routes(served.ask("GET", "/openapi.json").json()):
        if route.method == "GET" and route.path.count("{") > route.in_project and route.in_project:
            for text in HOSTILE:
                _nothing_is_found(served, route, project, rival, text)


def _nothing_is_found(served: Served, route: Route, project: str, rival: str, text: str) -> None:
    request = route.request(project, quote(text, safe=""))
    answer = served.ask(request.pop("method"), request.pop("url"), key=served.key("ada"), **request)
    assert rival not in answer.text
    assert answer.status_code in {200, 404, 422, 503}, (route, text, answer.text)
    if answer.status_code >= 400:
        told(answer)
