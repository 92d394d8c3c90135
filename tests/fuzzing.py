"""Schemathesis over the API's own document: what is sent to an operation, and what every answer to it must be."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import httpx
from hypothesis.strategies import SearchStrategy, one_of
from schemathesis import APIOperation, Case, GenerationMode, Response, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.asking import Route, told

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

LONGEST = 1 << 16
"""An address of so many bytes is none that HTTP's parser takes: no operation gets to see it."""

Document = Mapping[str, Any]


def well_formed(document: Document, route: Route, project: str, **named: str) -> Case[Any]:
    """The request that everybody understands; `named` are other names in its path than the usual ones."""
    body = NOT_SET if route.body is None else route.body
    media_type = None if route.body is None else "application/json"
    return _operation(document, route).Case(
        path_parameters=_names(route, project, named), query=route.in_query(project), body=body, media_type=media_type
    )


def any_request(document: Document, route: Route, project: str, **named: str) -> SearchStrategy[Case[Any]]:
    """Requests about the project: some name what is there and nothing besides, some fit the document, some do not."""
    aimed = _operation(_aimed(document, _names(route, project, named) | route.in_query(project)), route)
    whole = _operation(_aimed(document, {"project": project}, only_needed=False), route)
    sent = one_of(aimed.as_strategy(), whole.as_strategy(), whole.as_strategy(GenerationMode.NEGATIVE))
    return sent.filter(_stays)


def _names(route: Route, project: str, named: Mapping[str, str]) -> dict[str, str]:
    usual = route.in_path(project)
    return usual | {name: named[name] for name in usual.keys() & named.keys()}


def _stays(case: Case[Any]) -> bool:
    """Whether its names do not make of its path that of another operation."""
    names = [str(name) for name in (case.path_parameters or {}).values()]
    return not any("/" in name or name in {"", ".", ".."} for name in names)


def check(case: Case[Any], answer: Response, *, away: bool = False) -> None:
    """Raise unless the answer is in the document, and not that of a bug; an error says no more than errors do.

    With `away`, a server behind the API may be missing.
    """
    if len(answer.request.path_url) >= LONGEST:
        assert answer.status_code == httpx.codes.BAD_REQUEST
        return
    missing = 500 if "/registry/" in str(answer.request.url) else 503
    case.validate_response(answer, checks=CHECKS[away and answer.status_code == missing :])
    if answer.status_code >= httpx.codes.BAD_REQUEST:
        request = httpx.Request(str(answer.request.method), str(answer.request.url))
        told(httpx.Response(answer.status_code, content=answer.content, request=request))


def _operation(document: Document, route: Route) -> APIOperation[Any, Any, Any, Any]:
    return openapi.from_dict(dict(document))[route.path][route.method]


def _aimed(document: Document, names: Mapping[str, str], *, only_needed: bool = True) -> Document:
    """The document, with nothing but these for the parameters of these names, and no parameter that may be left out."""
    narrowed = copy.deepcopy(dict(document))
    for verbs in narrowed["paths"].values():
        for operation in verbs.values():
            kept = [one for one in operation.get("parameters", []) if one["required"] or not only_needed]
            for parameter in kept:
                if parameter["name"] in names:
                    parameter["schema"] = {"enum": [names[parameter["name"]]]}
            operation["parameters"] = kept
    return narrowed
