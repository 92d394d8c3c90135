"""Feast as the bench measures it: `peer.py TASK FOLDER …` in its own environment, one JSON object on standard output.

The folder holds Feast's `feature_store.yaml` and, as Parquet, the rows that ours are measured with.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from feast.protos.feast.core.PrecomputedFeatureVector_pb2 import PrecomputedFeatureVector
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.types import Bytes, Float64

from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType

TIMES = 3
BATCHES = (1_000, 1_000_000)
"""Rows a call: some, as a stream of them comes, or all there are."""
ENTITY = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
AT_ONCE = 2_000


def rows(folder: Path, count: str) -> dict[str, object]:
    """Rows a second from the call that writes them until they can be read, all of them new; the best way of calling."""
    total = int(count)
    content = pd.read_parquet(folder / "rows.parquet")
    names = _features(content.columns)
    best: list[float] = []
    for batch in BATCHES:
        rates = []
        for again in range(TIMES):
            store = FeatureStore(repo_path=str(folder))
            view = _view(f"rows{len(names)}_{batch}_{again}", folder / "rows.parquet", names)
            store.apply([ENTITY, view])
            part = content.iloc[:total]
            began = time.perf_counter()
            for first in range(0, total, batch):
                store.write_to_online_store(view.name, df=part.iloc[first : first + batch])
            rates.append(total / (time.perf_counter() - began))
            _must_be_there(store, view, names, int(part["entity"].iloc[-1]))
        best = max(best, rates, key=lambda found: sorted(found)[len(found) // 2] if found else 0.0)
    return {"rates": best}


def fill(folder: Path, plain: str) -> dict[str, object]:
    """Fill what its server reads: whole vectors of all entities, made by hand, and of some entities single features."""
    store = FeatureStore(repo_path=str(folder))
    files = sorted(folder.glob("part*.parquet"))
    parts = {file.stem: pd.read_parquet(file) for file in files}
    views = {file.stem: _view(file.stem, file, _features(parts[file.stem].columns)) for file in files}
    services = [
        FeatureService(name="plain", features=list(views.values())),
        FeatureService(name="precomputed", features=list(views.values()), precompute_online=True),
    ]
    store.apply([ENTITY, *views.values(), *services])
    for name, content in parts.items():
        store.write_to_online_store(name, df=content.iloc[: int(plain)])
    online, config = store._get_provider().online_store, store.config
    vectors = FeatureView(
        name="__precomputed__precomputed", entities=[], schema=[Field(name="vector", dtype=Bytes)], source=None
    )
    online.update(config, [], [vectors], [], [], partial=True)
    names = [f"{name}__{feature}" for name, content in parts.items() for feature in _features(content.columns)]
    whole = pd.concat([content[_features(content.columns)] for content in parts.values()], axis=1)
    entities = next(iter(parts.values()))["entity"].to_numpy()
    for some in _batches(whole, entities, names):
        online.online_write_batch(config, vectors, some, None)
    return {"entities": len(entities)}


def late(folder: Path) -> dict[str, object]:
    """How many entities a row of an earlier event time overwrote that came after one of a later event time."""
    content = pd.read_parquet(folder / "late.parquet")
    store = FeatureStore(repo_path=str(folder))
    view = _view("late", folder / "late.parquet", ["f0"])
    store.apply([ENTITY, view])
    for _, batch in content.groupby("batch", sort=True):
        store.write_to_online_store("late", df=batch.drop(columns="batch"))
    newest = content.sort_values("at").drop_duplicates("entity", keep="last").sort_values("entity")
    found = store.get_online_features(["late:f0"], entity_rows=newest[["entity"]].to_dict("records")).to_dict()
    return {"overwritten": int((pd.Series(found["f0"]).to_numpy() != newest["f0"].to_numpy()).sum())}


def join(folder: Path) -> dict[str, object]:
    """Seconds of a point-in-time join by the file offline store, over the files named g*.parquet."""
    store = FeatureStore(repo_path=str(folder))
    files = sorted(folder.glob("g*.parquet"))
    views = [_view(file.stem, file, _features(pq.read_schema(file).names), created="known") for file in files]
    store.apply([ENTITY, *views])
    labels = pd.read_parquet(folder / "labels.parquet", columns=["id", "at", "entity", "label"])
    labels = labels.rename(columns={"at": "event_timestamp"})
    wanted = [f"{view.name}:{field.name}" for view in views for field in view.features]
    began = time.perf_counter()
    found = store.get_historical_features(entity_df=labels, features=wanted, full_feature_names=True).to_df()
    return {"seconds": time.perf_counter() - began, "rows": len(found)}


def _view(name: str, file: Path, features: Sequence[str], created: str | None = None) -> FeatureView:
    source = FileSource(name=name, path=str(file), timestamp_field="at", created_timestamp_column=created)
    schema = [Field(name=feature, dtype=Float64) for feature in features]
    return FeatureView(name=name, entities=[ENTITY], ttl=timedelta(0), schema=schema, source=source)


def _features(columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name.startswith("f")]


def _must_be_there(store: FeatureStore, view: FeatureView, features: Sequence[str], entity: int) -> None:
    wanted = [f"{view.name}:{feature}" for feature in features]
    found = store.get_online_features(wanted, entity_rows=[{"entity": entity}]).to_dict()
    if any(found[feature][0] is None for feature in features):
        raise AssertionError(f"{view.name} lacks entity {entity}")


def _batches(
    whole: pd.DataFrame, entities: Sequence[int], names: Sequence[str]
) -> Iterator[list[tuple[EntityKey, dict[str, Value], datetime, None]]]:
    """Whole vectors as `feast precompute` writes them, which knows how to find the entities of one other store only."""
    now = datetime.now(UTC)
    made = PrecomputedFeatureVector()
    made.precomputed_at.FromDatetime(now)
    for first in range(0, len(entities), AT_ONCE):
        some = []
        values = whole.iloc[first : first + AT_ONCE].to_numpy().tolist()
        for entity, row in zip(entities[first : first + AT_ONCE], values, strict=True):
            vector = PrecomputedFeatureVector(
                feature_names=names,
                values=[Value(double_val=value) for value in row],
                precomputed_at=made.precomputed_at,
            )
            key = EntityKey(join_keys=["entity"], entity_values=[Value(int64_val=int(entity))])
            some.append((key, {"vector": Value(bytes_val=vector.SerializeToString())}, now, None))
        yield some


TASKS: dict[str, Callable[..., dict[str, object]]] = {"rows": rows, "fill": fill, "late": late, "join": join}

if __name__ == "__main__":
    task, place, *more = sys.argv[1:]
    sys.stdout.write("\n" + json.dumps(TASKS[task](Path(place), *more)))
