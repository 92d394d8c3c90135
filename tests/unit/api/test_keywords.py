"""Keywords are taken away by the name they have, whatever it is made of."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.unit.api.in_memory import Service

GROUP = {"name": "weather", "columns": [{"name": "airport", "type": "string"}], "primary_key": ["airport"]}


@pytest.mark.parametrize("keyword", ["hourly", "a/b", "/", "../tags", "50 %", "?a=b#c", "wetter für alle"])
def test_a_keyword_that_was_given_can_be_taken_away(service: Service, keyword: str) -> None:
    key = service.key("ada")
    service.project("flights", "ada")
    assert service.post("/api/projects/flights/feature-groups", GROUP, key).status_code == 202
    keywords = "/api/projects/flights/feature-groups/weather/versions/1/keywords"
    assert service.post(keywords, {"keywords": [keyword]}, key).status_code == 201
    headers = {"Authorization": f"Bearer {key}"}
    path = f"{keywords}/{quote(keyword, safe='')}"
    assert service.http.request("DELETE", path, headers=headers).status_code == 200
    again = service.http.request("DELETE", path, headers=headers)
    assert (again.status_code, again.json()["code"]) == (404, "keyword-not-found")
