"""Feature rows from insert to visible online, and vectors by key."""

import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import polars as pl

import headrace
from headrace import Platform, Project
from headrace_bench.measure import Figure, latency, timed

FEATURES = 10
ROWS = 200_000


def project(administrator: Platform) -> Project:
    """A project of its own, whose owner measures."""
    owner = f"bench-{uuid.uuid4().hex[:8]}"
    administrator.create_user(owner)
    name = administrator.create_project(f"bench-{uuid.uuid4().hex[:8]}", owner=owner).name
    key = administrator.issue_key(owner, project=name, hours=2).key
    return headrace.login(administrator.url, key, name)


def frame(rows: int, seed: int = 0) -> pl.DataFrame:
    """Rows of random features: a key, an event time, ten numbers."""
    chance = np.random.default_rng(seed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    columns: dict[str, object] = {
        "entity": np.arange(rows),
        "at": [start + timedelta(seconds=second) for second in range(rows)],
    }
    columns |= {f"f{number}": chance.normal(size=rows) for number in range(FEATURES)}
    return pl.DataFrame(columns).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))


def rows_per_second(owner: Project) -> Figure:
    """Insert and wait until every row can be read online; the offline store follows at the same time."""
    content = frame(ROWS)
    group = owner.get_feature_store().create_feature_group(
        "bench", primary_key=["entity"], event_time="at", features=content
    )
    group.insert(frame(1_000), show_progress=False).wait(offline=False)
    began = time.perf_counter()
    group.insert(content, show_progress=False).wait(offline=False, timeout=300)
    seconds = time.perf_counter() - began
    return Figure(
        what=f"rows of {FEATURES} features, insert to visible online",
        unit="/s",
        p50=ROWS / seconds,
        to_reach="≥ 20,000",
    )


def vector(client: httpx.Client, owner: Project, floors: tuple[str, Sequence[float]], count: int = 1_000) -> Figure:
    """One vector over HTTP on a connection that is kept."""
    path = f"/api/projects/{owner.name}/feature-groups/bench/versions/1/vectors"
    chance = np.random.default_rng(1)

    def once() -> None:
        answer = client.post(path, json={"keys": [{"entity": int(chance.integers(ROWS))}]})
        if answer.json()["vectors"][0]["status"] != "found":
            raise AssertionError(answer.text)

    return latency("one feature vector over HTTP", timed(once, count), floor=floors, to_reach="p50 ≤ 3, p99 ≤ 10")
