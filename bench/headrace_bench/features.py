"""Feature rows from insert to visible online, vectors by key, and predictions of a model that takes them."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
import orjson
import polars as pl

from headrace import FeatureGroup, FeatureView, Project
from headrace_bench import floors
from headrace_bench.measure import TIMES, Figure, Goal, latency, rate, timed
from headrace_broker.connection import Connection

FEATURES = 10
ROWS = 200_000
WIDE = 50
ENTITIES = 100_000
PARTS = 3
SHARES = tuple(WIDE // PARTS + (part < WIDE % PARTS) for part in range(PARTS))
"""How many features of a wide view come from each of the groups."""
BATCH = 100
PREDICTOR = """
class Predict:
    def predict(self, rows):
        return [0.5 for _ in rows]
"""


def frame(rows: int, seed: int = 0, features: int = FEATURES, first: int = 0) -> pl.DataFrame:
    """Rows of random features: a key, an event time, so many numbers, counted from the first."""
    chance = np.random.default_rng(seed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    columns: dict[str, object] = {
        "entity": np.arange(rows),
        "at": [start + timedelta(seconds=second) for second in range(rows)],
    }
    columns |= {f"f{number}": chance.normal(size=rows) for number in range(first, first + features)}
    return pl.DataFrame(columns).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))


def bench_group(owner: Project) -> FeatureGroup:
    """The group that most is asked of, made where it is not there yet."""
    return owner.get_feature_store().get_or_create_feature_group(
        "bench", primary_key=["entity"], event_time="at", features=frame(1)
    )


def rows_per_second(owner: Project, log: Connection, dsn: str) -> Figure:
    """Insert and wait until every row can be read online; the offline store follows at the same time."""
    plain = frame(ROWS).drop("at")
    bare = [floors.rows(log, dsn, plain.columns, plain.rows()) for _ in range(TIMES)]
    return rate(
        f"rows of {FEATURES} features, insert to visible online",
        inserted(bench_group(owner), ROWS, FEATURES),
        floor=("rows to a topic, then COPY", bare),
        goal=Goal(least=30_000),
    )


def wide_rows_per_second(owner: Project) -> Figure:
    """As rows_per_second, of rows with 50 features."""
    group = owner.get_feature_store().create_feature_group(
        "wide", primary_key=["entity"], event_time="at", features=frame(1, features=WIDE)
    )
    rates = inserted(group, ENTITIES, WIDE)
    return rate(f"rows of {WIDE} features, insert to visible online", rates, goal=Goal(least=10_000))


def inserted(group: FeatureGroup, rows: int, features: int) -> list[float]:
    """Rows a second from the call to the last of them online: some new ones, then others in their place."""
    group.insert(frame(1_000, features=features), show_progress=False).wait(offline=False)
    rates = []
    for seed in range(TIMES):
        content = frame(rows, seed, features)
        began = time.perf_counter()
        group.insert(content, show_progress=False).wait(offline=False, timeout=600)
        rates.append(rows / (time.perf_counter() - began))
    return rates


def parts() -> Iterator[pl.DataFrame]:
    """What the groups of a wide view hold: each has a share of the features, of every entity."""
    for part, share in enumerate(SHARES):
        yield frame(ENTITIES, part, share, sum(SHARES[:part]))


def wide_views(owner: Project, name: str = "wide") -> tuple[FeatureView, FeatureView]:
    """Two views of the same 50 features from three groups, of 100,000 entities: put together, and kept ready."""
    store = owner.get_feature_store()
    groups = []
    for part, content in enumerate(parts()):
        group = store.create_feature_group(
            f"{name}_part{part}", primary_key=["entity"], event_time="at", features=content
        )
        group.insert(content, show_progress=False).wait(offline=False, timeout=600)
        groups.append((group, [name for name in content.columns if name.startswith("f")]))
    (root, of_root), *joined = groups
    query = root.select(of_root)
    for group, of_group in joined:
        query = query.join(group.select(of_group), on=["entity"])
    together = store.create_feature_view(name, query=query)
    return together, store.create_feature_view(f"{name}_ready", query=query, precompute=True)


def asking(client: httpx.Client, owner: Project, view: FeatureView) -> Callable[[int], None]:
    """Asks for the vectors of so many entities of a wide view, over HTTP, on a connection that is kept."""
    path = f"/api/projects/{owner.name}/feature-views/{view.name}/versions/{view.version}/vectors"
    chance = np.random.default_rng(2)

    def ask(size: int) -> None:
        entries = [{"entity": int(entity)} for entity in chance.integers(ENTITIES, size=size)]
        answer = orjson.loads(client.post(path, json={"entries": entries}).content)
        if [vector["status"] for vector in answer["vectors"]] != ["complete"] * size:
            raise AssertionError(answer)

    return ask


def view_vectors(client: httpx.Client, owner: Project, bare: tuple[str, Sequence[float]]) -> list[Figure]:
    """Vectors of 50 features from three groups: one a call, and 100, put together and kept ready."""
    together, ready = (asking(client, owner, view) for view in wide_views(owner))
    return [
        latency(
            f"{size} vector{'s' if size > 1 else ''} of {WIDE} features over HTTP{how}",
            timed(partial(ask, size), count),
            floor=bare,
            goal=Goal(p99=most),
        )
        for size, count, most in ((1, 1_000, 5), (BATCH, 500, 15))
        for how, ask in (("", together), (", kept ready", ready))
    ]


def predictions(owner: Project, bare: tuple[str, Sequence[float]], count: int = 300) -> list[Figure]:
    """Let a model that always says the same be served, by one replica, and ask it for one row a call, and for 64."""
    store = owner.get_feature_store()
    view = store.create_feature_view("bench", query=bench_group(owner).select(["f0", "f1", "f2"]))
    model = owner.get_model_registry().python.create_model("bench", feature_view=view)
    with TemporaryDirectory(prefix="headrace-bench-") as folder:
        (Path(folder) / "predictor.py").write_text(PREDICTOR)
        model.save(folder)
    deployment = model.deploy("bench")
    answer = deployment.predict(inputs=[{"f0": 0.0, "f1": 0.0, "f2": 0.0}])
    if answer["predictions"] != [0.5]:
        raise AssertionError(f"not what the model says: {answer}")
    rows = [{"f0": 1.0, "f1": 2.0, "f2": 3.0}]
    return [
        latency(
            f"a prediction of {size} {'row' if size == 1 else 'rows'}",
            timed(partial(deployment.predict, inputs=rows * size), count),
            floor=bare,
        )
        for size in (1, 64)
    ]


def vector(client: httpx.Client, owner: Project, bare: tuple[str, Sequence[float]], count: int = 1_000) -> Figure:
    """One vector over HTTP on a connection that is kept."""
    path = f"/api/projects/{owner.name}/feature-groups/bench/versions/1/vectors"
    chance = np.random.default_rng(1)

    def once() -> None:
        answer = client.post(path, json={"keys": [{"entity": int(chance.integers(ROWS))}]})
        if answer.json()["vectors"][0]["status"] != "found":
            raise AssertionError(answer.text)

    return latency("one feature vector over HTTP", timed(once, count), floor=bare, goal=Goal(p50=3, p99=10))
