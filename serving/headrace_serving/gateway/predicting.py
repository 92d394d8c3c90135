"""The one thing the gateway does, whatever the protocol: prepare rows, predict, log every row, then answer."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace_serving.errors import ModelFailed, NotReady
from headrace_serving.gateway.asked import Answer, Asked
from headrace_serving.gateway.directory import Directory, Place, Serving
from headrace_serving.gateway.features import OnlineFeatures
from headrace_serving.gateway.prediction_log import PredictionLog, Record
from headrace_serving.gateway.replicas import Replicas
from headrace_serving.gateway.rows import Prepared, prepare, vector_of
from headrace_serving.model.predictor import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicting:
    """The gateway's parts."""

    directory: Directory
    online: OnlineFeatures
    replicas: Replicas
    log: PredictionLog

    def ready(self, place: Place) -> bool:
        """Whether a request for the deployment would be answered; raises NotServed."""
        self.directory.find(place)
        return self.replicas.ready(place)

    async def predict(self, asked: Asked, serving: Serving, actor: str) -> list[Answer]:
        """One answer a row, in order, each of them logged before.

        Raises NotReady before anything is logged, ModelFailed with every row logged as an error, NotLogged.
        """
        place = serving.deployed.place
        if not self.replicas.ready(place):
            raise NotReady(f"deployment {place.name!r} has no replica that answers yet: try again")
        began = time.perf_counter()
        prepared = await prepare(asked, serving, self.online)
        good = [row for row in prepared if row.error is None]
        failure: ModelFailed | None = None
        numbers: list[float] = []
        try:
            if good:
                numbers = await self.replicas.predict(place, [vector_of(row, serving.model.inputs) for row in good])
        except ModelFailed as error:
            failure = error
        answers = _answers(prepared, numbers, failure)
        latency = (time.perf_counter() - began) * 1000
        records = _records(asked, serving, list(zip(prepared, answers, strict=True)), actor, latency)
        await asyncio.shield(self.log.write(place.project, records))
        if failure is not None:
            raise failure
        return answers


def _answers(prepared: Sequence[Prepared], numbers: Sequence[float], failure: ModelFailed | None) -> list[Answer]:
    came = iter(numbers)
    if failure is not None:
        return [Answer(None, row.error or f"model-failed: {failure.message}") for row in prepared]
    return [Answer(next(came)) if row.error is None else Answer(None, row.error) for row in prepared]


def _records(
    asked: Asked,
    serving: Serving,
    rows: Sequence[tuple[Prepared, Answer]],
    actor: str,
    latency: float,
) -> list[Record]:
    deployed = serving.deployed
    return [
        {
            "inference_id": asked.inference_id(index),
            "deployment": deployed.place.name,
            "model": deployed.model,
            "model_version": deployed.version,
            "event_time": asked.event_times[index],
            "received": asked.received,
            "latency_ms": latency,
            "actor": actor,
            "entity": {name: str(value) for name, value in row.entity.items()},
            **_features(row.inputs),
            "prediction": answer.prediction,
            "error": answer.error,
        }
        for index, (row, answer) in enumerate(rows)
    ]


def _features(inputs: Mapping[str, Value]) -> dict[str, Any]:
    """Numbers and booleans (as 0 and 1) apart from texts; a null feature is a null number."""
    numbers: dict[str, float | None] = {}
    texts: dict[str, str] = {}
    for name, value in inputs.items():
        if isinstance(value, str):
            texts[name] = value
        else:
            numbers[name] = None if value is None else float(value)
    return {"numbers": numbers, "texts": texts}
