"""Errors in Confluent's form: `{error_code, message}`, the first three digits of a code being the HTTP status.

Source: Confluent's schema registry, REST API reference, "Errors".
"""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from headrace_api.errors import UNAVAILABLE, ApiError, OutcomeUnknown, away, refusal_status
from headrace_api.reading import NotYetVisible
from headrace_api.registry.models import MEDIA_TYPE, RegistryAnswer
from headrace_events.errors import Refusal
from headrace_schemas.errors import DoesNotFit

CODES: Mapping[str, int] = {
    "subject-not-found": 40401,
    "version-not-found": 40402,
    "subject-deleted": 40404,
    "subject-not-deleted": 40405,
    "version-deleted": 40406,
    "version-not-deleted": 40407,
    "compatibility-not-found": 40408,
    "mode-not-found": 40409,
    "incompatible-schema": 40901,
    "invalid-schema": 42201,
    "invalid-level": 42203,
    "invalid-mode": 42204,
    "not-importing": 42205,
    "subject-read-only": 42205,
    "subject-in-use": 42205,
    "too-many-versions": 42205,
    "schema-referenced": 42206,
    "invalid-subject": 42208,
    "owners-only": 40301,
}
"""Code of a refusal → Confluent's code."""

STORE_FAILED = 50001
TIMED_OUT = 50002


class RegistryError(Exception):
    """An error of the registry itself."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def subject_missing(subject: str) -> RegistryError:
    """No such subject."""
    return RegistryError(40401, f"Subject '{subject}' not found.")


def version_missing(version: object) -> RegistryError:
    """No such version."""
    return RegistryError(40402, f"Version {version} not found.")


def schema_missing(what: str) -> RegistryError:
    """No such schema."""
    return RegistryError(40403, f"Schema {what} not found.")


def _answer(code: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    status = code // 100 if code > 999 else code
    return RegistryAnswer({"error_code": code, "message": message}, status, headers=dict(headers or {}))


def answer_of(request: Request, error: Exception) -> Response:
    """The answer that says what went wrong; raises what nobody here knows."""
    match error:
        case RegistryError():
            return _answer(error.code, error.message)
        case RequestValidationError():
            return _answer(422, str(error.errors())[:1000])
        case NotYetVisible() | OutcomeUnknown():
            return _answer(TIMED_OUT, f"send the same request again: {error.message}")
        case ApiError():
            return _answer(error.status, error.message, error.headers)
        case Refusal():
            return _answer(CODES.get(error.code, refusal_status(error)), error.message)
        case _ if isinstance(error, UNAVAILABLE):
            return _answer(STORE_FAILED, away(request, error))
        case DoesNotFit():
            return _answer(422, f"a value is outside what its type can hold: {error}")
    raise error


class RegistryRoute(APIRoute):
    """A route whose errors are in Confluent's form, and whose answers are of the media type that was asked for."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override] # a Coroutine is
        """The handler, with its errors turned into answers."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                response = await inner(request)
            except Exception as error:  # noqa: BLE001 - answer_of raises again what it does not know
                if isinstance(error, ApiError):
                    request.app.state.context.trail.refused(request, error)
                response = answer_of(request, error)
            accepted = request.headers.get("accept", "")
            if "application/json" in accepted and MEDIA_TYPE not in accepted:
                response.headers["content-type"] = "application/json"
            return response

        return handler
