"""The OpenAPI document reads well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction, isfunction
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from tests.unit.api.in_memory import Service

from headrace_api.app import REGISTRIES, ROUTERS
from headrace_api.registry.models import MEDIA_TYPE

_VERBS = {"get", "post", "put", "patch", "delete", "head"}


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
        form, kind = ("/RegistryProblem", MEDIA_TYPE) if "/registry/" in path else ("/Problem", "application/json")
        for spec in verbs.values():
            assert {"401", "404", "413", "422"} <= spec["responses"].keys()
            for status, answer in spec["responses"].items():
                if status >= "400":
                    assert answer["content"].keys() == {kind}, (path, status)
                    assert answer["content"][kind]["schema"]["$ref"].endswith(form), (path, status)


def test_every_answer_that_has_a_body_says_of_what_kind_it_is(service: Service) -> None:
    document = service.http.get("/openapi.json").json()
    for path, verbs in document["paths"].items():
        for verb, spec in verbs.items():
            for status, answer in spec["responses"].items():
                silent = verb == "head" or status.startswith("3")
                assert silent or answer.get("content"), (verb, path, status)


def test_every_read_that_waits_may_be_early(service: Service) -> None:
    document = service.http.get("/openapi.json").json()
    waiting = 0
    for path, verbs in document["paths"].items():
        for verb, spec in verbs.items():
            waits = any(parameter["name"] == "after" for parameter in spec.get("parameters", []))
            if "/registry/" not in path and waits:
                assert spec["responses"]["202"]["content"], (verb, path)
                waiting += 1
    assert waiting > 40


def test_health_needs_no_key(service: Service) -> None:
    assert service.http.get("/healthz").json() == {"status": "ok"}


def test_no_route_waits_for_a_thread_before_it_begins() -> None:
    """FastAPI calls what is no coroutine on a thread of its pool: a switch there and one back."""
    routes = [route for router in (*ROUTERS, *REGISTRIES) for route in router.routes if isinstance(route, APIRoute)]
    assert len(routes) > 60
    called = {call for route in routes for call in _called(route.dependant)}
    assert len(called) > len(routes)
    assert {call for call in called if not iscoroutinefunction(call)} == set()


def _called(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """The route's function and everything it depends on; an object's `__call__` where it is one."""
    call: Any = dependant.call
    yield call if isfunction(call) else call.__call__
    for needed in dependant.dependencies:
        yield from _called(needed)
