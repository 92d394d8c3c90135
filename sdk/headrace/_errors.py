"""What can go wrong, by what one does about it.

HeadraceError
├── Unreachable          nothing answers at the address              is the stack up? try again
│   └── Unavailable      it answers that a server behind it is away  try again
├── OutcomeUnknown       sent, no result in time                     ask again with the same command id
├── NotYetVisible        done, but not to be read yet                read again
├── NotSignedIn          no key, a wrong or an expired one           get another key
├── Forbidden            the role does not include this              ask a Data Owner
├── NotFound             no such thing, or none that may be seen
├── Conflict             the present state does not allow it         read again, decide again
├── Invalid              the request can never be accepted           correct it
└── Failed               accepted, but what it set going failed
"""

from collections.abc import Mapping
from typing import Any


class HeadraceError(Exception):
    """Anything that goes wrong; `code` is for programs, the message for people, `request_id` for the server's log."""

    def __init__(
        self, message: str, *, code: str = "", details: Mapping[str, Any] | None = None, request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details: Mapping[str, Any] = dict(details or {})
        self.request_id = request_id


class Unreachable(HeadraceError):
    """Nothing answers at the address."""


class Unavailable(Unreachable):
    """A server behind the API is away; the same call may succeed later."""


class OutcomeUnknown(HeadraceError):
    """A command was sent, and its result did not come in time; asking again with its id tells."""


class NotYetVisible(HeadraceError):
    """What was done is safe, but cannot be read yet."""


class NotSignedIn(HeadraceError):
    """There is no API key, or it is unknown, revoked or expired."""


class Forbidden(HeadraceError):
    """The role, or the key, does not include this."""


class NotFound(HeadraceError):
    """There is no such thing, or none that the caller may see."""


class Conflict(HeadraceError):
    """The present state does not allow it."""


class Invalid(HeadraceError):
    """The request can never be accepted as it is; `details` names the fields."""


class Failed(HeadraceError):
    """It was accepted, but the work behind it failed, or was not done in time."""


BY_STATUS: Mapping[int, type[HeadraceError]] = {
    202: NotYetVisible,
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    422: Invalid,
    429: Conflict,
    503: Unavailable,
    504: OutcomeUnknown,
}


def error_of(status: int, body: Mapping[str, Any]) -> HeadraceError:
    """The error that an answer of the API stands for."""
    kind = BY_STATUS.get(status, Invalid if status < 500 else Unreachable)
    return kind(
        str(body.get("message") or f"the API answered {status}"),
        code=str(body.get("code") or body.get("error_code", "")),
        details=body.get("details") or {},
        request_id=str(body.get("request_id", "")),
    )
