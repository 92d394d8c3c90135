"""A gateway on twins: one project, one feature view, one deployed model, and everything it wrote down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx
from prometheus_client import CollectorRegistry

from headrace._model_archive import packed
from headrace_broker.credentials import StoredCredentials
from headrace_events.api_key import ApiKeyStored
from headrace_events.deployment import DeploymentCreated, DeploymentReady
from headrace_events.envelope import Position, Recorded
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, Join, KeyPair
from headrace_events.ids import CommandId, EventId, Micros
from headrace_events.language import Event
from headrace_events.member import MemberAdded
from headrace_events.model import ModelVersionCreated, TrainedOn
from headrace_events.roles import Role
from headrace_events.row_schema import Column
from headrace_events.scopes import Scope
from headrace_events.session import SessionStored
from headrace_serving.gateway.app import Gateway
from headrace_serving.gateway.callers import Callers
from headrace_serving.gateway.directory import Directory, Place
from headrace_serving.gateway.features import MemoryFeatures
from headrace_serving.gateway.predicting import Predicting
from headrace_serving.gateway.prediction_log import MemoryPredictionLog
from headrace_serving.gateway.replicas import LocalReplicas
from headrace_serving.model.predictor import Predictor

PROJECT = "flights"
DELAY = Place(PROJECT, "delay")
INPUTS = ("distance", "carrier", "wind_speed")
KEY = "k1.secret"


class Doubling:
    """Predicts twice the distance; fails on one of 13."""

    def predict(self, rows: Any) -> list[float]:
        """One number a row."""
        if any(row[0] == 13 for row in rows):
            raise RuntimeError("unlucky")
        return [2.0 * (row[0] or 0) for row in rows]


def columns(*named: tuple[str, str]) -> tuple[Column, ...]:
    """Make columns of names and types."""
    return tuple(Column(name=name, type=kind) for name, kind in named)


FLIGHTS = FeatureGroupCreated(
    name="flights",
    version=1,
    description="",
    columns=columns(
        ("flight_id", "bigint"),
        ("origin", "string"),
        ("distance", "double"),
        ("carrier", "string"),
        ("departs", "timestamp"),
        ("late", "boolean"),
    ),
    primary_key=("flight_id",),
    event_time="departs",
    online=True,
    offline=True,
    topic="flights.features.flights.1",
    subject="flights_1",
    schema_id=10_000,
)
WEATHER = FeatureGroupCreated(
    name="weather",
    version=1,
    description="",
    columns=columns(("origin", "string"), ("observed", "timestamp"), ("wind_speed", "double")),
    primary_key=("origin",),
    event_time="observed",
    online=True,
    offline=True,
    topic="flights.features.weather.1",
    subject="weather_1",
    schema_id=10_001,
)
VIEW = FeatureViewCreated(
    name="delays",
    version=1,
    description="",
    root=GroupSelection(group="flights", version=1, features=("distance", "carrier", "late")),
    joins=(
        Join(
            selection=GroupSelection(group="weather", version=1, features=("wind_speed",)),
            on=(KeyPair(left="origin", right="origin"),),
        ),
    ),
    labels=("late",),
)
MODEL = ModelVersionCreated(
    name="delay_model",
    version=3,
    description="",
    framework="sklearn",
    artifact="a" * 64,
    metrics={},
    inputs=INPUTS,
    trained_on=TrainedOn(view="delays", view_version=1, version=1),
)


@dataclass(slots=True)
class Served:
    """The gateway, and its twins to look at."""

    directory: Directory = field(default_factory=Directory)
    features: MemoryFeatures = field(default_factory=MemoryFeatures)
    replicas: LocalReplicas = field(default_factory=LocalReplicas)
    log: MemoryPredictionLog = field(default_factory=MemoryPredictionLog)
    keys: StoredCredentials = field(default_factory=StoredCredentials)
    healthy: bool = True
    _seq: int = 0

    def happen(self, *facts: Event, project: str = PROJECT) -> None:
        """Fold events."""
        for fact in facts:
            self._seq += 1
            self.directory.apply(
                Recorded(
                    event=fact,
                    id=EventId("e"),
                    project=project,
                    seq=self._seq,
                    version=1,
                    actor="user:ada",
                    cause=CommandId("c"),
                    at=Position("topic-id", 0, self._seq),
                )
            )

    def give_key(
        self,
        key: str,
        user: str,
        *,
        project: str | None = None,
        expires: int | None = None,
        scopes: tuple[Scope, ...] | None = None,
    ) -> None:
        """Store an API key."""
        key_id, _, secret = key.partition(".")
        stored = ApiKeyStored(
            key_id=key_id,
            user=user,
            key_hash=sha256(secret.encode()).hexdigest(),
            project=project,
            expires=Micros(expires) if expires else None,
            scopes=scopes,
        )
        self.keys.put(key_id, stored)

    def sign_in(self, token: str, user: str, *, idle_until: int = 2**62) -> None:
        """Store a session."""
        session_id, _, secret = token.partition(".")
        stored = SessionStored(
            user=user,
            session_id=session_id,
            token_hash=sha256(secret.encode()).hexdigest(),
            idle_until=Micros(idle_until),
            ends=Micros(2**62),
        )
        self.keys.put(stored.key, stored)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = KEY,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request and give the answer."""
        predicting = Predicting(directory=self.directory, online=self.features, replicas=self.replicas, log=self.log)
        callers = Callers(self.keys, self.directory)
        gateway = Gateway(predicting, callers, lambda: self.healthy, CollectorRegistry())
        sent_with = {**(headers or {}), **({"Authorization": f"Bearer {key}"} if key else {})}

        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(gateway.app())
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                return await client.request(method, path, json=body, content=content, headers=sent_with)

        return asyncio.run(sent())

    def predict(self, body: Any, name: str = "delay") -> httpx.Response:
        """Ask by the predict protocol."""
        return self.send("POST", f"/projects/{PROJECT}/v1/models/{name}:predict", body)

    def infer(self, body: Any, name: str = "delay") -> httpx.Response:
        """Ask by the Open Inference Protocol."""
        return self.send("POST", f"/projects/{PROJECT}/v2/models/{name}/infer", body)

    def records(self) -> list[dict[str, Any]]:
        """Give what was logged."""
        return [record for _, record in self.log.written]


def served(*, ready: bool = True) -> Served:
    """A gateway that answers for `delay`, with the key of the member ada."""
    made = Served()
    made.happen(
        MemberAdded(user="ada", role=Role.DATA_OWNER),
        FLIGHTS,
        WEATHER,
        VIEW,
        MODEL,
        DeploymentCreated(name="delay", model="delay_model", model_version=3, replicas=1),
    )
    made.give_key(KEY, "ada")
    if ready:
        made.happen(DeploymentReady(name="delay"))
        made.replicas.models[DELAY] = Predictor(packed(Doubling(), "predict"), INPUTS)
    return made
