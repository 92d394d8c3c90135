"""What the API answers when it cannot do what was asked, always as `{code, message, details, request_id}`.

ApiError
├── Unauthenticated   no key, a wrong one, an expired one        401
├── NotAllowed        a key that may not be used for this        403
├── Missing           no such thing, or none the caller may see  404
├── TooLarge          a body over the limit                      413
├── TooMany           tried too often: wait                      429
├── Unprocessable     a request that can never be accepted       422
├── Busy              a server of ours does not answer           503
└── OutcomeUnknown    sent, but no result in time: ask again     504

Refusals of the command processor keep their code and message: invalid 422, forbidden 403, not-found 404, conflict 409.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from psycopg.errors import InvalidSchemaName, UndefinedTable
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from headrace_api.registry.models import MEDIA_TYPE
from headrace_broker.errors import Unavailable
from headrace_events.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from headrace_schemas.errors import DoesNotFit

logger = logging.getLogger("headrace.api")


class Problem(BaseModel):
    """The body of every error."""

    code: str = Field(description="for programs; does not change", examples=["project-not-found"])
    message: str = Field(description="for people; says what to do", examples=["there is no project 'flights'"])
    details: dict[str, Any] = Field(description="what it is about; for malformed input, field path → what is wrong")
    request_id: str = Field(description="also in the header X-Request-Id, and in the server's log")


_REGISTRY = re.compile(r"/api/(projects/[^/]+/)?registry/")


class ApiError(Exception):
    """An answer other than success."""

    status = 500

    def __init__(
        self,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: Mapping[str, Any] = dict(details or {})
        self.headers: Mapping[str, str] = dict(headers or {})


class Unauthenticated(ApiError):
    """Nobody is known to be asking."""

    status = 401

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, headers={"WWW-Authenticate": 'Bearer realm="headrace"'})


class NotAllowed(ApiError):
    """The caller is known, and may not."""

    status = 403


class Missing(ApiError):
    """There is no such thing, or none that the caller may see."""

    status = 404

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"{what.replace(' ', '-')}-not-found", f"there is no {what} {name!r}", {what: name})


class TooLarge(ApiError):
    """The body is over the limit."""

    status = 413


class TooMany(ApiError):
    """It was tried too often; it may be tried again after `wait` microseconds."""

    status = 429

    def __init__(self, code: str, message: str, wait: int) -> None:
        seconds = max(1, -(-wait // 1_000_000))
        super().__init__(code, f"{message} ({seconds} s)", {"seconds": seconds}, headers={"Retry-After": str(seconds)})


class Unprocessable(ApiError):
    """The request can never be accepted as it is."""

    status = 422


class Busy(ApiError):
    """Try again."""

    status = 503

    def __init__(self, message: str) -> None:
        super().__init__("unavailable", message, headers={"Retry-After": "1"})


class OutcomeUnknown(ApiError):
    """The command is on its way; sent again with its id, it gives the result it then has."""

    status = 504

    def __init__(self, command_id: str, seconds: float) -> None:
        super().__init__(
            "outcome-unknown",
            f"no result within {seconds:.0f} s: send the same request again with this Idempotency-Key",
            {"command_id": command_id},
        )


def problem(
    request: Request,
    status: int,
    code: str,
    message: str,
    *,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer that says what went wrong; to clients of a schema registry in the form they know."""
    if _REGISTRY.match(request.scope["path"]):
        told = {"error_code": status, "message": message}
        return JSONResponse(told, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)
    body = {
        "code": code,
        "message": message,
        "details": dict(details or {}),
        "request_id": request.scope.get("state", {}).get("request_id", ""),
    }
    return JSONResponse(body, status, headers=dict(headers or {}))


_REFUSED: Mapping[type[Refusal], int] = {Invalid: 422, Forbidden: 403, NotFound: 404, Conflict: 409}


def refusal_status(refusal: Refusal) -> int:
    """The HTTP status of a refusal's kind."""
    return next((status for kind, status in _REFUSED.items() if isinstance(refusal, kind)), 422)


def _malformed(request: Request, error: RequestValidationError) -> JSONResponse:
    details = {".".join(str(part) for part in wrong["loc"]): wrong["msg"] for wrong in error.errors()}
    where = ", ".join(details)[:300]
    return problem(request, 422, "invalid-request", f"the request is malformed at: {where}", details=details)


_HTTP = {404: (404, "route-not-found"), 405: (405, "method-not-allowed"), 400: (422, "malformed-body")}
"""What FastAPI says by itself → status and code; it gives 400 to a body that it cannot read at all."""


UNAVAILABLE = (Unavailable, OperationalError, PoolTimeout, UndefinedTable, InvalidSchemaName)
"""What a server of ours raises that does not answer, or a projection whose tables are not made yet."""


def away(request: Request, error: Exception) -> str:
    """What is told where one of UNAVAILABLE was raised; why goes to the log, for it names what lies behind the API."""
    request_id = request.scope.get("state", {}).get("request_id", "")
    logger.warning("%s %s: %s, request %s", request.method, request.url.path, error, request_id)
    return "a server behind the API does not answer: try again"


def handle_errors(app: FastAPI) -> None:
    """Make every error of the app a Problem."""

    async def of_ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)  # noqa: S101 - registered for this class alone
        request.app.state.context.trail.refused(request, error)
        return problem(request, error.status, error.code, error.message, details=error.details, headers=error.headers)

    async def of_refusal(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refusal)  # noqa: S101 - registered for this class alone
        return problem(request, refusal_status(error), error.code, error.message, details=error.details)

    async def of_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
        return _malformed(request, error)

    async def of_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        status, code = _HTTP.get(error.status_code, (error.status_code, f"http-{error.status_code}"))
        return problem(request, status, code, str(error.detail), headers=error.headers)

    async def of_log(request: Request, error: Exception) -> JSONResponse:
        return problem(request, 503, "unavailable", away(request, error), headers={"Retry-After": "1"})

    async def of_encoding(request: Request, error: Exception) -> JSONResponse:
        return problem(request, 422, "does-not-fit", f"a value is outside what its type can hold: {error}")

    app.add_exception_handler(ApiError, of_ours)
    app.add_exception_handler(Refusal, of_refusal)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HTTPException, of_http)
    for unavailable in UNAVAILABLE:
        app.add_exception_handler(unavailable, of_log)
    app.add_exception_handler(DoesNotFit, of_encoding)
