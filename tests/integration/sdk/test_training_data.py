"""Feature views and training data as people use them: with the SDK, from insert to hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from tests.integration.clients import eventually
from tests.integration.offline_thread import offline
from tests.integration.platform import Platform

from headrace import (
    Conflict,
    Failed,
    FeatureView,
    HeadraceError,
    Invalid,
    NotFound,
    Project,
    Query,
    TransformationStatistics,
    builtin_transformations,
    connect,
    udf,
)
from headrace._query import PlacedCondition
from headrace._training_files import DataFormat
from headrace_events.api_key import IssueApiKey

BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
HOURS = 100


def hour(number: float) -> datetime:
    return BEGIN + timedelta(hours=number)


def key_of(platform: Platform, user: str) -> str:
    key_id, secret = uuid4().hex, uuid4().hex
    digest = hashlib.sha256(secret.encode()).hexdigest()
    issue = IssueApiKey(key_id=key_id, user=user, key_hash=digest, limited_to=None, expires=None)
    platform.send(issue, platform.user(user))
    return f"{key_id}.{secret}"


@pytest.fixture(scope="module")
def project(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project as its owner sees it, with everything running that features need."""
    stack = platform.stack
    stack.stack.up(["api", "online", "training-datasets"], report=print)
    name = platform.project()
    key = key_of(platform, "ada")
    with pytest.MonkeyPatch.context() as patch, offline(stack, stack.site.storage_url):
        patch.setenv("HEADRACE_HOME", str(tmp_path_factory.mktemp("client")))
        url = stack.site.api_url
        eventually(lambda: _signed_in(url, key), "the API to know the key")
        project = connect(url, key).get_project(name)
        yield project
        project.close()


def _signed_in(url: str, key: str) -> bool | None:
    try:
        connect(url, key).close()
    except HeadraceError:
        return None
    return True


@pytest.fixture(scope="module")
def view(project: Project) -> FeatureView:
    """Flights, one an hour, with the wind half an hour before."""
    fs = project.get_feature_store()
    numbers = range(HOURS)
    flights = pd.DataFrame(
        {
            "flight": [f"f{number:03d}" for number in numbers],
            "at": [hour(number) for number in numbers],
            "origin": ["JFK" if number % 2 else "LGA" for number in numbers],
            "late": [number % 3 == 0 for number in numbers],
        }
    )
    weather = pd.DataFrame(
        {
            "origin": [origin for _ in numbers for origin in ("JFK", "LGA")],
            "at": [hour(number - 0.5) for number in numbers for _ in range(2)],
            "wind": [number + side / 10 for number in numbers for side in (1, 2)],
        }
    )
    group = fs.get_or_create_feature_group("flights", primary_key=["flight"], event_time="at")
    group.insert(flights, show_progress=False)
    winds = fs.get_or_create_feature_group("weather", primary_key=["origin"], event_time="at")
    winds.insert(weather, show_progress=False)
    query = group.select(["origin", "late"]).join(winds.select(["wind"]), on=["origin"], prefix="then_")
    return fs.create_feature_view("delays", query, description="What delays flights", labels=["late"])


def test_a_view_knows_its_features_labels_and_keys(view: FeatureView, project: Project) -> None:
    assert (view.name, view.version, view.labels) == ("delays", 1, ["late"])
    assert [(one.name, one.type) for one in view.features] == [("origin", "string"), ("then_wind", "double")]
    assert view.primary_keys == ["flight"]
    fs = project.get_feature_store()
    assert fs.get_feature_view("delays").version == 1
    assert [one.name for one in fs.get_feature_views()] == ["delays"]
    with pytest.raises(NotFound):
        fs.get_feature_view("delays", 7)


def test_a_backfill_is_seen_as_of_when_it_was_known_and_online_the_last_known_counts(project: Project) -> None:
    fs = project.get_feature_store()
    asked = fs.get_or_create_feature_group("asked", primary_key=["question"], event_time="at")
    asked.insert([{"question": f"{origin}{at}", "at": hour(at), "origin": origin} for origin in "AB" for at in (2, 4)])
    told = fs.get_or_create_feature_group("told", primary_key=["origin"], event_time="at")
    # The log takes the correction first: only known-at tells which came later.
    corrected = {"origin": "A", "at": hour(1), "wind": 2.0, "published": hour(3)}
    told.insert([corrected, {**corrected, "wind": 1.0, "published": hour(1.5)}], known_at="published")
    told.insert([{**corrected, "origin": "B", "wind": 5.0, "published": hour(1)}], known_at="published")
    gone = told.delete_rows([{"origin": "B", "at": hour(1), "published": hour(3)}], known_at="published").wait()
    assert ([one.name for one in told.features], gone.accepted) == (["origin", "at", "wind"], 1)
    query = asked.select(["question"]).join(told.select(["wind"]), on=["origin"])
    known = fs.create_feature_view("told_then", query, known_at=True)
    seen, _ = known.training_data(show_progress=False)
    found = {row["question"]: None if pd.isna(row["wind"]) else row["wind"] for _, row in seen.iterrows()}
    assert found == {"A2": 1.0, "A4": 2.0, "B2": 5.0, "B4": None}
    vector = told.get_vector({"origin": "A"})
    assert vector is not None
    assert (vector["wind"], told.get_vectors([{"origin": "B"}])[0].status) == (2.0, "deleted")


def test_a_view_with_filters_helpers_and_bounds_of_time_gives_what_it_says(view: FeatureView, project: Project) -> None:
    fs = project.get_feature_store()
    flights, winds = fs.get_feature_group("flights"), fs.get_feature_group("weather")
    query = flights.select(["origin", "late"]).join(winds.select(["wind"]), on=["origin"], lookback=timedelta(hours=1))
    chosen = (flights.origin == "JFK") & (winds.wind.isin([1.1, 3.1, 5.1]) | (winds.wind >= 97))
    helped = fs.create_feature_view(
        "helped",
        query.filter(chosen).filter(flights["at"] < hour(98)),
        labels=["late"],
        inference_helper_columns=["origin"],
    )
    assert [one.name for one in helped.features] == ["wind"]
    x, y = helped.training_data(show_progress=False)
    assert (list(x.columns), list(y.columns)) == (["wind"], ["late"])
    assert x["wind"].tolist() == [1.1, 3.1, 5.1, 97.1]
    known = fs.create_feature_view("known", query, training_helper_columns=["origin"], known_at=True)
    version, dataset = known.create_training_data(show_progress=False)
    assert dataset.read()["wind"].isna().all()
    x, _ = known.get_training_data(version, training_helper_columns=True)
    assert list(x.columns) == ["origin", "late", "wind"]
    past = known.get_feature_vectors_as_of([{"flight": "f001"}] * 2, [hour(1), datetime.now(UTC)], return_type="dict")
    assert past == [{"late": None, "wind": None}, {"late": False, "wind": None}]
    entry = {"flight": "f001"}
    assert helped.get_feature_vector(entry, allow_missing=True) == [None]
    assert helped.get_inference_helper(entry) == {"origin": "JFK"}
    assert helped.get_inference_helpers([entry, {"flight": "none"}], return_type="list") == [["JFK"], [None]]
    with pytest.raises(Invalid, match="no value of type double"):
        fs.create_feature_view("wrong", _told(query, "wind", "'; DROP TABLE flights; --"))


def _told(query: Query, column: str, text: str) -> Query:
    """A query with a filter as no SDK would make it."""
    condition = PlacedCondition(join=0, column=column, operator="==", values=(text,))
    return replace(query, filters=((condition,),))


def test_a_split_by_time_gives_features_and_labels_as_of_each_flight(view: FeatureView) -> None:
    version, dataset = view.create_train_test_split(
        train_start=hour(0), train_end=hour(60), test_end=hour(HOURS), show_progress=False
    )
    x_train, x_test, y_train, y_test = view.get_train_test_split(version)
    assert (len(x_train), len(x_test), len(y_train), len(y_test)) == (60, 40, 60, 40)
    assert list(x_train.columns) == ["origin", "then_wind"]
    assert list(y_train.columns) == ["late"]
    assert x_train["then_wind"].tolist() == [number + (0.1 if number % 2 else 0.2) for number in range(60)]
    assert y_test["late"].tolist() == [number % 3 == 0 for number in range(60, HOURS)]
    with_identity, *_ = view.get_train_test_split(version, primary_key=True, event_time=True)
    assert list(with_identity.columns) == ["origin", "then_wind", "_key_flight", "_event_time"]
    assert with_identity["_event_time"].iloc[7] == hour(7)
    assert dataset.recompute_hash() == dataset.manifest.hash
    assert len(dataset.manifest.positions) == 2
    assert [list(dataset.statistics[split]) for split in ("train", "test")] == [["origin", "late", "then_wind"]] * 2
    wind = dataset.statistics["train"]["then_wind"]
    assert (wind.count, wind.nulls, wind.min, wind.max) == (60, 0, 0.2, 59.1)
    assert wind.mean == pytest.approx(x_train["then_wind"].mean())
    assert wind.std == pytest.approx(x_train["then_wind"].std())
    assert dataset.statistics["test"]["origin"].distinct == 2


def test_made_again_after_late_rows_the_hash_is_the_same_and_with_another_bound_it_differs(
    view: FeatureView, project: Project
) -> None:
    _, first = view.create_training_data(hour(0), hour(50), show_progress=False)
    late = pd.DataFrame({"origin": ["JFK"], "at": [hour(8.75)], "wind": [99.0]})
    project.get_feature_store().get_feature_group("weather").insert(late, show_progress=False)
    again = view.recreate_training_dataset(first.version, show_progress=False)
    assert again.version > first.version
    assert again.manifest.positions == first.manifest.positions
    assert again.recompute_hash() == again.manifest.hash == first.manifest.hash
    features, labels = view.training_data(hour(0), hour(50), show_progress=False)
    assert features["then_wind"].max() == 99.0
    assert len(features) == len(labels) == 50
    _, shorter = view.create_training_data(hour(0), hour(49), show_progress=False)
    assert shorter.manifest.hash != first.manifest.hash


def test_a_random_split_has_each_flight_once_and_the_same_ones_after_more_rows_came(
    view: FeatureView, project: Project
) -> None:
    version, dataset = view.create_train_test_split(0.2, test_end=hour(HOURS), seed=7, show_progress=False)
    x_train, x_test, y_train, y_test = view.get_train_test_split(version, primary_key=True)
    flights = [set(part["_key_flight"]) for part in (x_train, x_test)]
    assert (len(y_train), len(y_test)) == tuple(map(len, flights))
    assert flights[0].isdisjoint(flights[1])
    assert len(flights[0] | flights[1]) == HOURS
    assert 5 < len(flights[1]) < 40
    assert dataset.recompute_hash() == dataset.manifest.hash
    more = pd.DataFrame({"flight": ["new"], "at": [hour(HOURS - 0.5)], "origin": ["JFK"], "late": [True]})
    project.get_feature_store().get_feature_group("flights").insert(more, show_progress=False)
    parts = view.train_test_split(0.2, test_end=hour(HOURS), seed=7, show_progress=False)
    assert len(parts[0]) + len(parts[1]) == HOURS + 1
    later, _ = view.create_train_test_split(0.2, test_end=hour(HOURS), seed=7, show_progress=False)
    for before, after in zip(flights, view.get_train_test_split(later, primary_key=True)[:2], strict=True):
        assert before == set(after["_key_flight"]) - {"new"}
    assert view.recreate_training_dataset(version, show_progress=False).manifest.hash == dataset.manifest.hash
    three = view.train_validation_test_split(0.25, 0.25, test_end=hour(HOURS), show_progress=False)
    assert sum(map(len, three[:3])) == HOURS + 1


def test_purged_data_can_be_made_again_and_a_deleted_dataset_is_gone(view: FeatureView, project: Project) -> None:
    _, first = view.create_training_data(hour(0), hour(33), show_progress=False)
    twin = view.recreate_training_dataset(first.version, show_progress=False)
    files = project.get_dataset_api()
    (file,) = first.manifest.files
    view.purge_training_data(first.version)
    purged = view.get_training_dataset(first.version)
    assert (purged.state, purged.manifest) == ("purged", first.manifest)
    assert purged.statistics == first.statistics
    with pytest.raises(NotFound, match=rf"were purged: recreate_training_dataset\({first.version}\)"):
        purged.read()
    eventually(lambda: not view.get_training_dataset(first.version).stored or None, "the purge to be done")
    assert files.exists(file.sha256), "another dataset has it too"
    view.delete_training_dataset(twin.version)
    with pytest.raises(NotFound):
        view.get_training_dataset(twin.version)
    assert twin.version not in [one.version for one in view.get_training_datasets()]
    eventually(lambda: not files.exists(file.sha256) or None, "the file to go")
    again = view.recreate_training_dataset(first.version, show_progress=False)
    assert again.version > twin.version
    assert again.recompute_hash() == first.manifest.hash


def test_every_format_holds_the_same_rows(view: FeatureView, tmp_path: Path) -> None:
    _, other = view.create_training_data(hour(0), hour(20), show_progress=False)
    forms: tuple[DataFormat, ...] = ("csv", "tsv", "tfrecord", "npy", "hdf5", "petastorm")
    asked = [view.create_training_data(hour(0), hour(20), data_format=form, wait=False)[1] for form in forms]
    for form, dataset in zip(forms, asked, strict=True):
        dataset.wait(show_progress=False)
        assert dataset.manifest.hash == other.manifest.hash == dataset.recompute_hash()
        pd.testing.assert_frame_equal(dataset.read(), other.read())
        (path,) = dataset.download(tmp_path)
        assert path.name == f"train.{form}"
    assert len(pd.read_csv(tmp_path / "train.csv")) == 20
    assert len(np.load(tmp_path / "train.npy")) == 20
    assert (tmp_path / "train.petastorm" / "_common_metadata").exists()


def test_nested_columns_are_in_the_files_as_they_were_inserted(project: Project) -> None:
    fs = project.get_feature_store()
    kinds = {"price": "decimal(10,2)", "where": "struct<lat:double,names:array<string>>", "vector": "embedding(2)"}
    group = fs.create_feature_group("nested", primary_key=["id"], features={"id": "string", **kinds})
    row = {"price": Decimal("12.50"), "where": {"lat": 47.25, "names": ["née", None]}, "vector": [0.5, -1.5]}
    group.insert([{"id": "a", **row}, {"id": "b"}], show_progress=False)
    nested = fs.create_feature_view("nested", group.select(list(kinds)))
    _, dataset = nested.create_training_data(show_progress=False)
    assert dataset.read_arrow().to_pylist() == [row, dict.fromkeys(kinds)]
    assert dataset.recompute_hash() == dataset.manifest.hash
    assert dataset.statistics["train"]["where"].nulls == 1
    with pytest.raises(
        Invalid, match="npy does not hold column 'where' of type struct<lat:double,names:array<string>>"
    ):
        nested.create_training_data(data_format="npy")


def test_a_dataset_without_rows_is_one(view: FeatureView) -> None:
    for form in ("parquet", "csv"):
        _, dataset = view.create_training_data(hour(-50), hour(-40), data_format=form, show_progress=False)
        assert [file.rows for file in dataset.manifest.files] == [0]
        assert dataset.read().empty
        assert dataset.recompute_hash() == dataset.manifest.hash


def test_a_dataset_that_is_still_being_made_says_so(view: FeatureView) -> None:
    _, dataset = view.create_training_data(hour(0), hour(20), wait=False)
    if dataset.state == "requested":
        assert dataset.wait(show_progress=False).state == "recorded"
    assert dataset.manifest.files[0].rows == 20
    assert view.get_training_datasets()[0].version == dataset.version
    with pytest.raises(NotFound):
        view.get_training_dataset(1_000)
    with pytest.raises(NotFound, match="splits train"):
        dataset.read("test")


def test_what_cannot_be_made_fails_with_its_reason(view: FeatureView, project: Project) -> None:
    fs = project.get_feature_store()
    online = fs.create_feature_group(
        "gates",
        primary_key=["origin"],
        event_time="at",
        features={"origin": "string", "at": "timestamp", "gates": "int"},
        offline_enabled=False,
    )
    query = fs.get_feature_group("flights").select(["origin"]).join(online.select(["gates"]))
    hopeless = fs.create_feature_view("hopeless", query)
    with pytest.raises(Failed, match="'gates' version 1 is kept online only"):
        hopeless.create_training_data(hour(0), hour(20), show_progress=False)
    with pytest.raises(Invalid, match="ends before it starts"):
        view.create_training_data(hour(2), hour(1))


def test_online_vectors_are_what_the_history_says(view: FeatureView) -> None:
    view.init_serving()
    flights = [{"flight": f"f{number:03d}"} for number in (HOURS - 2, HOURS - 1)]

    def served() -> list[list[object]] | None:
        vectors: list[list[object]] = view.get_feature_vectors(flights, allow_missing=True)
        return None if any(None in vector for vector in vectors) else vectors

    vectors = eventually(served, "the rows to be online")
    after = [hour(HOURS), hour(HOURS)]
    eventually(lambda: view.get_feature_vectors_as_of(flights, after) == vectors or None, "the rows to be offline")
    assert view.get_feature_vector(flights[0], return_type="dict") == dict(
        zip(["origin", "then_wind"], vectors[0], strict=True)
    )
    assert view.get_feature_vector(flights[0], {"then_wind": 1.5}) == [vectors[0][0], 1.5]
    with pytest.raises(NotFound, match=r"has no origin \(missing\), then_wind \(missing\) for {'flight': 'none'}"):
        view.get_feature_vector({"flight": "none"})


def test_vectors_as_they_were_are_what_training_data_says(view: FeatureView) -> None:
    _, dataset = view.create_training_data(hour(40), hour(60), show_progress=False)
    rows = dataset.read(primary_key=True, event_time=True)
    entries = [{"flight": flight} for flight in rows["_key_flight"]]
    times = rows["_event_time"].tolist()
    vectors = view.get_feature_vectors_as_of(entries, times, dataset.manifest.positions)
    assert vectors == rows[["origin", "then_wind"]].to_numpy().tolist()
    earlier = view.get_feature_vectors_as_of(entries[:1], [hour(39)])
    assert earlier == [[None, None]]
    with pytest.raises(Invalid, match="names the primary key of 'flights': flight"):
        view.get_feature_vectors_as_of([{"origin": "JFK"}], [hour(1)])
    with pytest.raises(Invalid, match="is no position"):
        view.get_feature_vectors_as_of(entries, times, ["yesterday"])


def test_a_view_transforms_what_a_model_sees_and_the_files_stay_as_they_are(
    project: Project, view: FeatureView
) -> None:
    @udf([float, str], drop="wind")
    def gusts(wind, origin, statistics=TransformationStatistics("wind")):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, B008 - as people write it
        return wind - statistics.wind.mean, origin + "!"

    fs = project.get_feature_store()
    query = (
        fs.get_feature_group("flights")
        .select(["origin", "late"])
        .join(fs.get_feature_group("weather").select(["wind"]), on=["origin"])
    )
    wanted = [
        builtin_transformations.standard_scaler("wind").alias("scaled"),
        gusts("wind", "origin"),
        builtin_transformations.one_hot_encoder("origin"),
        builtin_transformations.label_encoder("late"),
    ]
    made = fs.create_feature_view("gusty", query, labels=["late"], transformation_functions=wanted)
    again = fs.create_feature_view("gusty", query, labels=["late"], transformation_functions=wanted)
    assert again.transformation_functions == made.transformation_functions
    assert [one.version for one in fs.get_transformation_functions() if not one.is_built_in] == [1]
    assert fs.get_transformation_function("gusts").source == gusts.source

    version, dataset = made.create_train_test_split(
        train_start=BEGIN, train_end=hour(40), test_end=hour(HOURS), show_progress=False
    )
    assert dataset.recompute_hash() == dataset.manifest.hash
    raw_train, raw_test, late_train, _ = made.get_train_test_split(version, transform=False)
    x_train, x_test, y_train, y_test = made.get_train_test_split(version)
    assert list(raw_train.columns) == ["origin", "wind"]
    names = [
        "scaled",
        "gusts_wind_origin_0",
        "gusts_wind_origin_1",
        "one_hot_encoder_origin_0",
        "one_hot_encoder_origin_1",
    ]
    assert list(x_train.columns) == list(x_test.columns) == names
    mean, std = raw_train["wind"].mean(), raw_train["wind"].std()
    for raw, found in ((raw_train, x_train), (raw_test, x_test)):
        assert found["scaled"].to_numpy() == pytest.approx(((raw["wind"] - mean) / std).to_numpy())
        assert found["gusts_wind_origin_0"].to_numpy() == pytest.approx((raw["wind"] - mean).to_numpy())
        assert found["one_hot_encoder_origin_1"].tolist() == (raw["origin"] == "LGA").tolist()
    assert list(y_train.columns) == list(y_test.columns) == ["label_encoder_late_"]
    assert y_train["label_encoder_late_"].tolist() == late_train["late"].astype(int).tolist()

    made.init_serving(version)
    stored = made.get_feature_vector({"flight": "f001"}, return_type="dict", transform=False)
    vector = made.get_feature_vector({"flight": "f001"}, return_type="dict")
    assert list(vector) == names == [feature.name for feature in made.transformed_features]
    assert vector == made.transform(stored)
    assert vector["scaled"] == pytest.approx((stored["wind"] - mean) / std)
    with pytest.raises(Conflict) as error:
        fs.create_transformation_function(gusts, version=1)
    assert error.value.code == "transformation-function-exists"
    with pytest.raises(Invalid) as refused:
        fs.create_feature_view("odd", query, transformation_functions=[builtin_transformations.winsorize("origin")])
    assert refused.value.code == "function-does-not-fit"


def test_an_on_demand_feature_is_the_same_in_training_data_and_for_a_request(project: Project) -> None:
    @udf([float, bool], drop="asked_at")
    def waited(asked_at: datetime, ordered_at: datetime, patience: float) -> tuple[float, bool]:
        hours = (asked_at - ordered_at).total_seconds() / 3600
        return hours, hours > patience

    fs = project.get_feature_store()
    rows = [
        {"order": number, "ordered_at": hour(number), "patience": 1.5, "asked_at": hour(2 * number)}
        for number in range(5)
    ]
    orders = fs.create_feature_group(
        "orders",
        primary_key=["order"],
        event_time="ordered_at",
        transformation_functions=[waited("asked_at", "ordered_at", "patience").alias("hours_waited", "impatient")],
    )
    receipt = orders.insert([*rows, {**rows[0], "order": 9, "patience": None}], show_progress=False)
    assert (receipt.accepted, [one.row for one in receipt.refused]) == (5, [5])
    assert receipt.refused[0].reason.startswith("waited raised TypeError")
    receipt.wait()
    assert [one.name for one in orders.features][-2:] == ["hours_waited", "impatient"]
    assert [(one.name, one.type) for one in orders.request_parameters] == [("asked_at", "timestamp")]
    (function,) = fs.get_feature_group("orders").transformation_functions
    assert function.function.source == waited.source

    query = orders.select(["ordered_at", "patience", "hours_waited", "impatient"])
    view = fs.create_feature_view(
        "patience",
        query,
        transformation_functions=[builtin_transformations.impute_constant("hours_waited", value=0.0).alias("waited")],
    )
    assert (view.on_demand_features, view.request_parameters) == (["hours_waited", "impatient"], ["asked_at"])
    version, dataset = view.create_training_data(show_progress=False)
    learnt = dataset.read(primary_key=True)
    assert learnt["hours_waited"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    entries = [{"order": order} for order in learnt["_key_order"].tolist()]
    asked = [{"asked_at": hour(2 * entry["order"])} for entry in entries]
    served = view.get_feature_vectors(entries, request_parameters=asked, transform=False, return_type="pandas")
    pd.testing.assert_frame_equal(served[list(served.columns)], learnt[list(served.columns)], check_dtype=False)

    later = {"asked_at": hour(100).isoformat()}
    view.init_serving(version)
    assert view.get_feature_vector({"order": 4}, request_parameters=later, return_type="dict") == {
        "ordered_at": hour(4),
        "patience": 1.5,
        "impatient": True,
        "waited": 96.0,
    }
    with pytest.raises(Invalid, match="computed of asked_at") as error:
        view.get_feature_vector({"order": 4})
    assert error.value.code == "request-parameters-missing"


def test_windows_of_a_group_are_compared_by_sketches_or_row_by_row(view: FeatureView, project: Project) -> None:
    winds = project.get_feature_store().get_feature_group("weather")
    winds.insert([{"origin": "EWR", "at": hour(HOURS), "wind": 500.0}], wait=True, show_progress=False)
    new = winds.create_feature_monitoring("winds_drift", "of all rows", cron_expression=None)
    monitor = new.with_reference_window().compare_on_distribution(metric="JS_DIVERGENCE", threshold=0.1).save()
    assert monitor.feature_names == ("wind",)
    equal = monitor.run_once()
    assert (equal.number, equal.shift_detected, equal.features["wind"].difference) == (1, False, 0)
    assert equal.detection is not None
    written = int((winds.read(history=True)["_operation"] == "upsert").sum())
    assert (equal.detection.source, equal.detection.rows) == ("sketches", written)
    exact = winds.create_feature_monitoring("winds_exact", cron_expression=None, exact=True)
    exact.with_detection_window("1h").with_reference_window("1w", "3d").compare_on("mean", 1.0, "wind").save()
    (saved,) = winds.get_feature_monitoring_configs("winds_exact")
    nothing = saved.run_once()
    assert nothing.detection is not None
    assert (nothing.detection.source, nothing.detection.rows) == ("rows", written)
    assert (nothing.empty_detection_window, nothing.empty_reference_window) == (False, True)
    assert (nothing.shift_detected, nothing.features) == (False, {})
    with pytest.raises(Conflict, match="feature monitor winds_drift"):
        winds.delete()


def test_a_view_is_compared_with_its_training_data_and_alerts(view: FeatureView, project: Project) -> None:
    version, _ = view.create_training_data(start_time=BEGIN, end_time=hour(50))
    new = view.create_feature_monitoring("view_drift", cron_expression="*/5 * * * *")
    new.with_detection_window().with_reference_training_dataset(version)
    monitor = new.compare_on("mean", 20.0, ["then_wind"]).save()
    found = monitor.run_once()
    drift = found.features["then_wind"]
    assert (found.shifted_feature_names, round(drift.difference or 0)) == (("then_wind",), 25)
    assert monitor.refresh().alert_open
    (alert,) = monitor.get_alerts()
    assert (alert.monitor, alert.deployment, alert.observed) == ("view_drift", "", drift.difference)
    assert [one.number for one in monitor.get_history(end_time=found.monitoring_time)][-1:] == [found.number]
    assert view.get_feature_monitoring_history("view_drift", hour(0), hour(1)) == []
    assert not monitor.disable().enabled
    assert "mean of then_wind" in monitor.plot()
    monitor.delete()
    with pytest.raises(NotFound, match="view_drift"):
        monitor.run_once()
