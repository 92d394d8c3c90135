"""The OpenAPI document reads well."""

from __future__ import annotations

from collections import Counter

from tests.unit.api.in_memory import Service

_VERBS = {"get", "post", "put", "delete", "head"}


def test_every_operation_has_a_summary_a_tag_and_a_name_of_its_own(service: Service) -> None:
    document = service.http.get("/openapi.json").json()
    operations = [(path, verb, spec) for path, verbs in document["paths"].items() for verb, spec in verbs.items()]
    assert len(operations) > 60
    for path, verb, spec in operations:
        assert verb in _VERBS
        assert spec["summary"], path
        assert spec["tags"], path
        assert spec["description"].strip().endswith((".", "…")), (path, verb)
    names = Counter(spec["operationId"] for _, _, spec in operations)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_error_has_the_one_form(service: Service) -> None:
    document = service.http.get("/openapi.json").json()
    for path, verbs in document["paths"].items():
        form = "/RegistryProblem" if "/registry/" in path else "/Problem"
        for spec in verbs.values():
            for status in ("401", "404", "422"):
                (content,) = spec["responses"][status]["content"].values()
                assert content["schema"]["$ref"].endswith(form), (path, status)


def test_health_needs_no_key(service: Service) -> None:
    assert service.http.get("/healthz").json() == {"status": "ok"}
