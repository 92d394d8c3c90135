"""Feast on the same Postgres in the same run, each part in a process of its own; what fails is told as failed."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import orjson
import polars as pl
import psycopg
from psycopg.conninfo import conninfo_to_dict

from headrace import Project
from headrace_bench import features, joining, peer
from headrace_bench.features import BATCH, ENTITIES, FEATURES, WIDE
from headrace_bench.measure import Figure, Goal, latency, percentile, rate, timed

ENVIRONMENT = Path(".venv-feast")
PROGRAM = Path("bench/feast/peer.py")
SCHEMA = "feast"
ROWS: Mapping[int, int] = {FEATURES: 10_000, WIDE: 3_000}
"""Features of a row, and how many such rows Feast is given: fewer than ours, for they take it seconds as well."""
BEATS: Mapping[int, float] = {FEATURES: 8, WIDE: 15}
PLAIN = 2_000
"""Entities whose features are kept one by one as well, to be read without whole vectors."""
LATE = 200
SHARE: Mapping[int, float] = {1: 0.5, BATCH: 0.25}
"""Vectors a call, and the share of Feast's p99 that ours is to take."""
BOUNDS: Mapping[int, float] = {1: 5, BATCH: 15}
ASKED: Mapping[int, int] = {1: 250, BATCH: 60}
"""Vectors a call, and calls a round; in every round both are asked."""
ROUNDS = 4
MEMORY_MIB = 10_240
SMALL = joining.Size(100_000, 500_000, 10_000)
"""What a join is made of that Feast can do as well; of an entity there are as many rows as in the large one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feast:
    """Feast's folder, with its configuration, and how its program is called."""

    folder: Path

    def told(self, task: str, *more: str, seconds: float = 240) -> Any:
        """What the program found; raises PeerFailed."""
        command = [str(peer.python_of(ENVIRONMENT)), str(PROGRAM.absolute()), task, str(self.folder), *more]
        return peer.told(command, seconds=seconds, memory_mib=MEMORY_MIB)

    @contextmanager
    def server(self) -> Iterator[str]:
        """Its server, with one worker, without a log of accesses, and a registry that is not asked for again."""
        url = f"http://127.0.0.1:{(port := peer.free_port())}"
        python = peer.python_of(ENVIRONMENT)
        command = [str(python.parent / "feast"), "-c", str(self.folder), "serve", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--no-access-log", "--registry_ttl_sec", "3600"]
        with peer.serving(command, f"{url}/health", seconds=90):
            yield url


def figures(dsn: str, client: httpx.Client, owner: Project) -> Iterator[Figure]:
    """All of them, one after the other."""
    with _feast(dsn) as feast:
        for count in (FEATURES, WIDE):
            yield from _or_failed(f"rows of {count} features, Feast", partial(rows, feast, owner, count))
        yield from _or_failed("vectors over HTTP, Feast", partial(vectors, feast, client, owner))
        yield from _or_failed("late rows, Feast", partial(late, feast, owner))


def rows(feast: Feast, owner: Project, count: int) -> Iterator[Figure]:
    """Ours and Feast's, rows a second from the call to visible online, and how many times Feast's ours are."""
    what = f"rows of {count} features, insert to visible online"
    content = features.frame(ROWS[count], features=count)
    content.write_parquet(feast.folder / "rows.parquet")
    group = owner.get_feature_store().create_feature_group(
        f"beside{count}", primary_key=["entity"], event_time="at", features=content
    )
    rates = features.inserted(group, ENTITIES, count)
    yield rate(f"{what}, beside Feast", rates)
    told = feast.told("rows", str(ROWS[count]))
    yield rate(f"{what}, Feast", told["rates"])
    yield Figure(what=what, unit="x Feast's", p50=median(rates) / median(told["rates"]), goal=Goal(least=BEATS[count]))


def vectors(feast: Feast, client: httpx.Client, owner: Project) -> Iterator[Figure]:
    """Ours and Feast's, asked by turns: whole vectors that were made before, and features that are kept one by one.

    Those of ours that are kept ready are held against the better of Feast's.
    """
    together, ready = (features.asking(client, owner, view) for view in features.wide_views(owner, "beside"))
    for part, content in enumerate(features.parts()):
        content.write_parquet(feast.folder / f"part{part}.parquet")
    feast.told("fill", str(PLAIN))
    chance = np.random.default_rng(3)

    def theirs(http: httpx.Client, service: str, among: int, size: int) -> None:
        entities = {"entity": [int(entity) for entity in chance.integers(among, size=size)]}
        asked = {"feature_service": service, "entities": entities, "full_feature_names": True}
        try:
            answer = http.post("/get-online-features", json=asked).raise_for_status()
        except httpx.HTTPError as error:
            raise peer.PeerFailed(f"{service}: {error}") from error
        found = [status for feature in orjson.loads(answer.content)["results"] for status in feature["statuses"]]
        if found.count("PRESENT") < WIDE * size:
            raise peer.PeerFailed(f"{service}: {answer.text[:200]}")

    with feast.server() as url, httpx.Client(base_url=url, timeout=60) as http:
        for size in (1, BATCH):
            each = {
                "ours": partial(ready, size),
                "together": partial(together, size),
                "precomputed": partial(theirs, http, "precomputed", ENTITIES, size),
                "plain": partial(theirs, http, "plain", PLAIN, size),
            }
            yield from _compared(size, _by_turns(each, ASKED[size]))


def _by_turns(each: Mapping[str, Callable[[], None]], count: int) -> Mapping[str, Sequence[float]]:
    """Milliseconds of the calls of each, in rounds, so that all meet the same moods of the machine."""
    took: dict[str, list[float]] = {name: [] for name in each}
    for _ in range(ROUNDS):
        for name, act in each.items():
            took[name] += timed(act, count, warm_up=10)
    return took


def _compared(size: int, took: Mapping[str, Sequence[float]]) -> Iterator[Figure]:
    what = f"{size} vector{'s' if size > 1 else ''} of {WIDE} features over HTTP"
    p99 = {name: percentile(of, 0.99) for name, of in took.items()}
    best = min(p99["precomputed"], p99["plain"])
    yield latency(f"{what}, kept ready, beside Feast", took["ours"], goal=Goal(p99=BOUNDS[size]))
    yield latency(f"{what}, put together, beside Feast", took["together"], goal=Goal(p99=BOUNDS[size]))
    yield latency(f"{what}, Feast, made before by hand", took["precomputed"])
    yield latency(f"{what}, Feast, among {PLAIN:,} entities", took["plain"])
    yield Figure(what=f"{what}, p99", unit="x Feast's", p50=p99["ours"] / best, goal=Goal(p50=SHARE[size]))


def late(feast: Feast, owner: Project) -> Iterator[Figure]:
    """Entities of which a row that came late, of an earlier event time, hides the newer one."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    newer, older = (
        pl.DataFrame({"entity": range(LATE), "at": [at] * LATE, "f0": [value] * LATE}).with_columns(
            pl.col("at").cast(pl.Datetime("us", "UTC"))
        )
        for at, value in ((noon, 1.0), (noon - timedelta(hours=1), 0.0))
    )
    batches = [newer.with_columns(batch=pl.lit(0)), older.with_columns(batch=pl.lit(1))]
    pl.concat(batches).write_parquet(feast.folder / "late.parquet")
    group = owner.get_feature_store().create_feature_group(
        "late", primary_key=["entity"], event_time="at", features=newer
    )
    for batch in (newer, older):
        group.insert(batch, show_progress=False).wait(offline=False)
    found = group.get_vectors([{"entity": entity} for entity in range(LATE)])
    overwritten = sum(vector.values["f0"] != 1.0 for vector in found)
    what = f"late rows that overwrote newer ones, of {LATE}"
    yield Figure(what=what, unit="rows", p50=overwritten, goal=Goal(p50=0))
    yield Figure(what=f"{what}, Feast", unit="rows", p50=feast.told("late")["overwritten"])


def joins() -> Iterator[Figure]:
    """A point-in-time join by both, of the large size if Feast can, and of one that it can."""
    for size, seconds in ((joining.LARGE, 300), (SMALL, 300)):
        what = f"point-in-time join: {size}"
        yield from _or_failed(f"{what}, Feast's file store", partial(_joined, what, size, seconds))


def _joined(what: str, size: joining.Size, seconds: float) -> Iterator[Figure]:
    with TemporaryDirectory(prefix="headrace-bench-") as place:
        folder = Path(place)
        joining.fill(folder.as_uri(), size, beside=folder)
        _configure(folder, {"type": "sqlite", "path": str(folder / "online.db")})
        ours = joining.joined_apart(folder.as_uri(), size)["join"]
        yield Figure(what=f"{what}, beside Feast", unit="s", p50=ours)
        theirs = Feast(folder=folder).told("join", seconds=seconds)
    yield Figure(what=f"{what}, Feast's file store", unit="s", p50=theirs["seconds"])
    yield Figure(what=f"{what}, examples Feast has lost", unit="rows", p50=size.labels - theirs["rows"])
    yield Figure(what=f"{what}, how much faster", unit="x Feast's", p50=theirs["seconds"] / ours, goal=Goal(least=3))


def _or_failed(what: str, measured: Callable[[], Iterator[Figure]]) -> Iterator[Figure]:
    """The figures; where a peer gives none, that it failed and why."""
    try:
        yield from measured()
    except peer.PeerFailed as error:
        yield Figure.of_failure(what, str(error))


@contextmanager
def _feast(dsn: str) -> Iterator[Feast]:
    """A folder of Feast's, whose online store has a schema of its own in our Postgres, gone afterwards."""
    at = conninfo_to_dict(dsn)
    store = {
        "type": "postgres",
        "host": at["host"],
        "port": int(at["port"] or 5432),
        "database": at["dbname"],
        "db_schema": SCHEMA,
        "user": at["user"],
        "password": at["password"],
        "sslmode": "disable",
    }
    with TemporaryDirectory(prefix="headrace-bench-") as folder:
        _configure(Path(folder), store)
        try:
            yield Feast(folder=Path(folder))
        finally:
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())


def _configure(folder: Path, online: Mapping[str, Any]) -> None:
    """Write Feast's configuration; JSON is YAML, too."""
    said = {
        "project": "bench",
        "provider": "local",
        "registry": {"path": str(folder / "registry.db"), "cache_ttl_seconds": 3600},
        "online_store": online,
        "offline_store": {"type": "file"},
        "entity_key_serialization_version": 3,
    }
    (folder / "feature_store.yaml").write_text(json.dumps(said))
