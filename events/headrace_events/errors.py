"""Why a command is refused.

Refusal
├── Invalid        malformed or impossible input            HTTP 422
├── Forbidden      the actor may not                        HTTP 403
├── NotFound       what the command names does not exist    HTTP 404
└── Conflict       the state does not allow it              HTTP 409
    ├── AlreadyExists
    ├── NotReady
    ├── Archived
    ├── Sensitive
    └── WrongVersion
"""

from collections.abc import Mapping


class Refusal(Exception):
    """A command that is refused, with a code for programs and a sentence for people that says what to do."""

    kind = "refused"

    def __init__(self, code: str, message: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: Mapping[str, str] = dict(details or {})


class Invalid(Refusal):
    """The input is malformed or can never be accepted."""

    kind = "invalid"


class Forbidden(Refusal):
    """The actor's role does not include this."""

    kind = "forbidden"


class NotFound(Refusal):
    """The command names something that does not exist, or that the actor may not see."""

    kind = "not-found"

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"{what.replace(' ', '-')}-not-found", f"there is no {what} {name!r}", {what: name})


class Conflict(Refusal):
    """The present state does not allow the command; with another state it could be accepted."""

    kind = "conflict"


class AlreadyExists(Conflict):
    """The name is taken, now or in the past."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"{what.replace(' ', '-')}-exists", f"{what} {name!r} exists already", {what: name})


class NotReady(Conflict):
    """The project (or topic, or deployment) is still being made, or is being closed."""

    def __init__(self, what: str, name: str, phase: str) -> None:
        super().__init__(f"{what}-not-ready", f"{what} {name!r} is {phase}; wait for Ready", {what: name, "is": phase})


class Archived(Conflict):
    """The project is put away: it is read, and nothing in it is changed."""

    def __init__(self, project: str) -> None:
        super().__init__(
            "project-archived",
            f"project {project!r} is archived, and can only be read: a Data Owner can unarchive it",
            {"project": project},
        )


class Sensitive(Conflict):
    """The project is sensitive: nothing of it is linked into another one, and nothing of another one into it."""

    def __init__(self, project: str) -> None:
        super().__init__(
            "project-sensitive",
            f"project {project!r} is sensitive: it shares nothing, and nothing is shared with it",
            {"project": project},
        )


class WrongVersion(Conflict):
    """The aggregate has moved on since the actor read it."""

    def __init__(self, aggregate: str, expected: int, actual: int) -> None:
        super().__init__(
            "wrong-version",
            f"{aggregate} is at version {actual}, not {expected}: read it again and decide again",
            {"aggregate": aggregate, "expected": str(expected), "actual": str(actual)},
        )


KINDS: Mapping[str, type[Refusal]] = {kind.kind: kind for kind in (Invalid, Forbidden, NotFound, Conflict)}
