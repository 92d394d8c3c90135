"""What this API tells the audit trail by itself: keys that are used, and requests that it refuses.

Commands are told by the command processor, which decides them. Routes that sign people in tell `Trail.tell` an Act.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from starlette.requests import HTTPConnection

from headrace_api.errors import ApiError
from headrace_api.personal.sealing import PersonalData
from headrace_api.said import Said
from headrace_broker.audit import Act, AuditLog, Outcome, now
from headrace_broker.flood import Flood
from headrace_events.ids import CommandId, Micros

AGAIN_US = 3_600_000_000
"""How long the use of a key from an address counts as the same."""
MOST_USES = 10_000
WAITS_US = 30_000_000
"""How long an act waits for the key of the person whose address it names; then it is told without the address."""
ANONYMOUS = "anonymous"
NOBODY_KNOWN = "unknown"
"""As whom somebody is named who typed no name of ours."""

_TOLD = frozenset({401, 403, 429})
_FOREIGN = "project-not-found"


@dataclass(slots=True)
class Trail:
    """Tells the trail what must be in it, and of floods only that they were.

    An address of somebody who is known is sealed under their key; plain is only that of somebody who is not.
    """

    log: AuditLog
    personal: PersonalData
    _flood: Flood = field(default_factory=Flood)
    _used: Said[tuple[str, str | None]] = field(default_factory=lambda: Said(most=MOST_USES))
    _waiting: list[Act] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def tell(self, act: Act) -> None:
        """Write an act, or count it where it is one of a flood of refusals."""
        with self._lock:
            acts = self._flood.take(act) if act.outcome is Outcome.REFUSED else [act]
        self._write(acts)

    def _write(self, acts: Iterable[Act], *, wait: bool = True) -> None:
        for act in acts:
            person = _person(act)
            if person is None or act.address is None:
                self.log.write(act)
                continue
            sealed = self.personal.sealed_now(person, act.address)
            if sealed is None and wait and now() - act.at < WAITS_US:
                self._waiting.append(act)
            else:
                self.log.write(replace(act, address=sealed))

    def key_used(self, connection: HTTPConnection, actor: str, key_id: str, at: Micros | None = None) -> None:
        """Tell that a key signed somebody in; once an hour for each key and address."""
        at = now() if at is None else at
        address = address_of(connection)
        if not self._used.first((key_id, address), at, until=Micros(at + AGAIN_US)):
            return
        act = Act(
            at=at,
            actor=actor,
            act="api_key.use",
            outcome=Outcome.ACCEPTED,
            subject=f"api_key/{key_id}",
            address=address,
            details=_of(connection),
        )
        self.tell(act)

    def refused(self, connection: HTTPConnection, error: ApiError) -> None:
        """Tell of a request that was refused for who asked; other errors are no business of the trail.

        A route that knows better what was tried, and on what, says so in `request.state.tried`.
        """
        if error.status not in _TOLD and error.code != _FOREIGN:
            return
        project = connection.scope.get("path_params", {}).get("project")
        state = connection.scope.get("state", {})
        act, subject = state.get("tried") or (_act(connection), connection.scope["path"])
        self.tell(
            Act(
                at=now(),
                actor=state.get("actor", ANONYMOUS),
                act=act,
                outcome=Outcome.REFUSED,
                code=error.code,
                message=str(error),
                project=project,
                subject=subject,
                address=address_of(connection),
                details=_of(connection),
            )
        )

    def tell_rest(self) -> None:
        """Tell what is counted of the minutes that are over, and what waited for a key."""
        with self._lock:
            acts = [*self._waiting, *self._flood.ended(now())]
            self._waiting.clear()
        self._write(acts)

    def close(self) -> None:
        """Tell all that is counted, and deliver it."""
        with self._lock:
            acts = [*self._waiting, *self._flood.rest()]
            self._waiting.clear()
        self._write(acts, wait=False)
        self.log.close()


def address_of(connection: HTTPConnection) -> str | None:
    """Where the request came from: the peer, or whom a trusted proxy names."""
    return connection.client.host if connection.client is not None else None


def came_from(connection: HTTPConnection, what: str, actor: str, user: str, command: CommandId) -> Act:
    """That a command about a person came from there whose key could not be made before it."""
    return Act(
        at=now(),
        actor=actor,
        act=what,
        outcome=Outcome.ACCEPTED,
        subject=f"user/{user}",
        address=address_of(connection),
        command=command,
        details=_of(connection),
    )


def secret_read(connection: HTTPConnection, actor: str, project: str, subject: str) -> Act:
    """That somebody was given a secret of a project."""
    return Act(
        at=now(),
        actor=actor,
        act=f"{subject.partition('/')[0]}.read_secret",
        outcome=Outcome.ACCEPTED,
        project=project,
        subject=subject,
        address=address_of(connection),
        details=_of(connection),
    )


def _person(act: Act) -> str | None:
    """Whose address it is: the actor's, else that of whom somebody signs in or registers as."""
    if act.actor.startswith("user:"):
        return act.actor.removeprefix("user:")
    kind, _, name = act.subject.partition("/")
    return name if (act.actor, kind) == (ANONYMOUS, "user") and name != NOBODY_KNOWN else None


def _act(connection: HTTPConnection) -> str:
    """`read` or `write`, of what the route is about: `topics.read`."""
    route: Any = connection.scope.get("route")
    tags = getattr(route, "tags", None) or ["api"]
    verb = "read" if connection.scope["method"] in {"GET", "HEAD"} else "write"
    return f"{str(tags[0]).replace(' ', '_')}.{verb}"


def _of(connection: HTTPConnection) -> dict[str, str]:
    request_id = connection.scope.get("state", {}).get("request_id", "")
    return {"method": connection.scope["method"], "request_id": str(request_id)}
