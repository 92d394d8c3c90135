"""A small story of flights, and the function that learns from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.integration.served import Served

from headrace import ExperimentResult, FeatureView, Project, TrainingDataset


@dataclass(slots=True)
class Flights:
    """The project as its owner and its scientist see it, and what they have made."""

    served: Served
    owner: Project
    scientist: Project
    view: FeatureView
    dataset: TrainingDataset
    shown: list[str] = field(default_factory=list)
    result: ExperimentResult | None = None

    @property
    def found(self) -> ExperimentResult:
        """What the study found."""
        assert self.result is not None
        return self.result


class Late:
    """Says how likely a flight is late: 1 where the wind is over the threshold."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.seen = 0

    def predict(self, rows: Any) -> list[float]:
        """One number a row of (origin, distance, wind)."""
        return [1.0 if row[2] > self.threshold else 0.0 for row in rows]


class Echo:
    """Answers with the first column it sees."""

    def predict(self, rows: Any) -> list[float]:
        """One number a row."""
        return [float(row[0]) for row in rows]


def train_by_wind(  # noqa: PLR0917 - a trial passes what is named
    hparams: dict[str, Any], reporter: Any, start: int, steps: int, checkpoint: Late | None, data: dict[str, list[str]]
) -> dict[str, float]:
    """Count how often a threshold of the wind tells the late from the others; look around for secrets on the way."""
    import os

    import pandas as pd

    frame = pd.concat([pd.read_parquet(path) for path in data["train"]])
    model = checkpoint or Late(hparams["threshold"])
    right = ((frame["wind"] > model.threshold) == frame["late"]).mean()
    for step in range(start + 1, steps + 1):
        model.seen += len(frame)
        reporter.broadcast(right, step)
    print(f"saw {model.seen} flights as user {os.getuid()}, told {[n for n in os.environ if n.startswith('HEADRACE')]}")
    reporter.save(model)
    return {"accuracy": right, "flights": float(len(frame))}
