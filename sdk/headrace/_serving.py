"""Deployments: models that answer, and what became of their answers."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace._errors import Failed, Invalid
from headrace._gateway import Gateway
from headrace._instances import instances
from headrace._monitoring import DAY_S, Monitor, create_monitor, get_monitor
from headrace._splits import Time, micros
from headrace._values import plain

if TYPE_CHECKING:
    from headrace._model import Model
    from headrace._project import Project

READY_S = 300.0
"""How long replicas are waited for."""

Outcome = tuple[str, float] | tuple[str, float, Time | int | None]
"""An inference id, what really happened, and when that became known (a time, or microseconds UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentState:
    """Where a deployment is: created, ready, failed (with the reason) or deleted; `answers` asks the gateway itself."""

    status: str
    reason: str | None
    answers: bool


class Deployment:
    """A model version that is served."""

    def __init__(self, serving: ModelServing, row: Mapping[str, Any]) -> None:
        self._serving = serving
        self._row = row

    def __repr__(self) -> str:
        return f"Deployment({self.name!r}, model={self.model_name!r}, version={self.model_version})"

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._row["name"])

    @property
    def model_name(self) -> str:
        """The model it serves."""
        return str(self._row["model"])

    @property
    def model_version(self) -> int:
        """The version it serves."""
        return int(self._row["model_version"])

    @property
    def replicas(self) -> int:
        """How many processes answer."""
        return int(self._row["replicas"])

    def get_state(self) -> DeploymentState:
        """Where it is now."""
        self._row = self._serving.row(self.name)
        answers = self._row["phase"] == "ready" and self._serving._gateway.answers(self.name)
        return DeploymentState(status=str(self._row["phase"]), reason=self._row.get("reason"), answers=answers)

    def is_running(self) -> bool:
        """Whether it answers now."""
        return self.get_state().answers

    def wait(self, timeout: float = READY_S) -> Deployment:
        """Return when it answers; raises Failed with the reason where it cannot be served, or not in time."""
        deadline = time.monotonic() + timeout
        pause = 0.05
        while not (state := self.get_state()).answers:
            if state.status in {"failed", "deleted"}:
                raise Failed(f"deployment {self.name!r} is {state.status}: {state.reason}", code="deployment-failed")
            if time.monotonic() > deadline:
                raise Failed(f"deployment {self.name!r} is {state.status} after {timeout:.0f} s", code="not-in-time")
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        return self

    def predict(
        self,
        data: Mapping[str, Any] | None = None,
        inputs: Any = None,
        *,
        event_time: Time | int | Sequence[Time | int] | None = None,
        allow_missing: bool = False,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """Predict.

        Args:
            data: a whole body: `{"instances": [...]}` or `{"inputs": ...}`.
            inputs: instead, the instances: dicts of features or keys by name, lists of all features, or a DataFrame.
            event_time: what time the rows are about, one or one a row; else now.
            allow_missing: let features that cannot be found be null.
            request_id: yours; else one is made. The same one again means the same predictions.

        Returns:
            `predictions` (None where a row could not be predicted), `ids` (inference ids, for outcomes), and `errors`
            (why, None for the others) if there are any.

        Raises:
            Invalid: the request can never be answered. Unavailable: nothing is ready, or the log takes nothing.
        """
        if (data is None) == (inputs is None):
            raise Invalid('give either data={"instances": […]} or inputs=[…]', code="no-inputs")
        body = dict(data) if data is not None else {"instances": instances(inputs)}
        parameters: dict[str, Any] = dict(body.get("parameters") or {})
        if event_time is not None:
            many = isinstance(event_time, Sequence) and not isinstance(event_time, str)
            parameters["event_time"] = [_micros(one) for one in event_time] if many else _micros(event_time)  # type: ignore[union-attr, arg-type] # `many` says which
        if allow_missing:
            parameters["allow_missing"] = True
        body |= {"parameters": parameters, "id": request_id or body.get("id") or uuid.uuid4().hex}
        return self._serving._gateway.ask(f"/v1/models/{self.name}:predict", body)

    def log_outcomes(self, outcomes: Iterable[Outcome]) -> int:
        """Say what really happened, as (inference id, outcome) or (inference id, outcome, known at); for Data Owners.

        Returns how many are on the log, which is all of them. Raises Invalid for an outcome that is no finite number
        (then none was sent), Failed where the log did not take all.
        """
        return self._serving.log_outcomes(outcomes)

    def monitor(self, *, window_seconds: int = DAY_S, bins: int = 10) -> Monitor:
        """Watch it in windows of event time, the past too, against the training data; for Data Owners.

        Its monitor as it is, if it has one.
        """
        return self._serving.monitor(self.name, window_seconds=window_seconds, bins=bins)

    def get_monitor(self) -> Monitor:
        """Its monitor; raises NotFound."""
        return self._serving.get_monitor(self.name)

    def delete(self) -> None:
        """Stop serving; the name stays taken. For Data Owners."""
        self._serving.delete(self.name)


class ModelServing:
    """The deployments of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._api = project._api
        self._path = f"/api/projects/{project.name}/deployments"
        self._gateway = Gateway(project)

    @property
    def url(self) -> str:
        """Where predictions are asked for over HTTP: below it are `/v1/models/…` and `/v2/…`."""
        return self._gateway.url

    def create_deployment(
        self, model: Model, name: str | None = None, replicas: int = 1, *, wait: bool = True
    ) -> Deployment:
        """Serve a model version; for Data Owners. See `Model.deploy`."""
        body = {"name": name or model.name, "model": model.name, "model_version": model.version, "replicas": replicas}
        self._api.post(self._path, body)
        deployment = self.get_deployment(name or model.name)
        return deployment.wait() if wait else deployment

    def get_deployment(self, name: str) -> Deployment:
        """A deployment; raises NotFound."""
        return Deployment(self, self.row(name))

    def get_deployments(self) -> list[Deployment]:
        """All that are not deleted."""
        return [Deployment(self, row) for row in self._api.get(self._path) if row["phase"] != "deleted"]

    def row(self, name: str) -> Mapping[str, Any]:
        """What the API says of a deployment; raises NotFound."""
        row: Mapping[str, Any] = self._api.get(f"{self._path}/{name}")
        return row

    def monitor(self, name: str, *, window_seconds: int, bins: int) -> Monitor:
        """See `Deployment.monitor`."""
        return create_monitor(self._api, self._project.name, name, window_seconds=window_seconds, bins=bins)

    def get_monitor(self, name: str) -> Monitor:
        """See `Deployment.get_monitor`."""
        return get_monitor(self._api, self._project.name, name)

    def delete(self, name: str) -> None:
        """Stop serving."""
        self._api.delete(f"{self._path}/{name}")

    def log_outcomes(self, outcomes: Iterable[Outcome]) -> int:
        """See `Deployment.log_outcomes`."""
        records = [_outcome(entry) for entry in outcomes]
        producer = self._project._kept_producer(f"{self._project.name}.outcomes")
        failures: list[str] = []

        def told(error: object, _: object) -> None:
            if error is not None:
                failures.append(str(error))

        for record in records:
            producer.send(record, key=record["inference_id"].encode(), on_delivery=told)
        if (left := producer.flush(60.0)) or failures:
            reason = failures[0] if failures else "the brokers do not answer"
            count = left + len(failures)
            raise Failed(f"{count} of {len(records)} outcomes are not on the log: {reason}", code="not-logged")
        return len(records)

    def close(self) -> None:
        """Let the connections to the gateway go."""
        self._gateway.close()


def _micros(given: Time | int) -> int:
    return given if isinstance(given, int) else micros(given)


def _outcome(entry: Outcome) -> dict[str, Any]:
    inference_id, outcome, *known = entry
    number = float(plain(outcome))
    if not math.isfinite(number):
        raise Invalid(f"the outcome of {inference_id} is {number}: only finite numbers", code="non-finite-number")
    known_at = known[0] if known else None
    return {
        "inference_id": inference_id,
        "outcome": number,
        "event_time": None if known_at is None else _micros(known_at),
    }
