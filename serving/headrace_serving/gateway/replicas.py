"""Who computes predictions: the port, and its twin that computes them in this process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from headrace_serving.errors import NotReady
from headrace_serving.gateway.directory import Place
from headrace_serving.model.predictor import Predictor, Value


class Replicas(Protocol):
    """The replicas of all deployments."""

    def ready(self, place: Place) -> bool:
        """Whether the deployment has replicas that answer."""
        ...

    async def predict(self, place: Place, rows: Sequence[Sequence[Value]]) -> list[float]:
        """One number a row; raises NotReady, ModelFailed."""
        ...


@dataclass(slots=True)
class LocalReplicas:
    """The twin: models by deployment."""

    models: dict[Place, Predictor] = field(default_factory=dict)

    def ready(self, place: Place) -> bool:
        """Whether there is a model."""
        return place in self.models

    async def predict(self, place: Place, rows: Sequence[Sequence[Value]]) -> list[float]:
        """Compute them here."""
        if place not in self.models:
            raise NotReady(f"deployment {place.name!r} has no replica that answers yet: try again")
        return self.models[place].predict(rows)
