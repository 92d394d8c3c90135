"""On-demand features: what is stored with a row is what a request computes, and what is said where it cannot be."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import fastavro
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.sdk.answering import answering

from headrace import Feature, FeatureView, HeadraceError, Transformation, builtin_transformations, udf
from headrace._declared_on_demand import applied, declared
from headrace._frames import slices
from headrace._group_on_demand import GroupOnDemand
from headrace._http import Api
from headrace._rows import Refusal, RowEncoder, RowSchema
from headrace_events.row_schema import Column, row_schema

SEEN = dt.datetime(2013, 1, 1, 6, tzinfo=dt.UTC)
ASKED = SEEN + dt.timedelta(days=2)


@udf(float, drop="requested_at")
def days_since(requested_at: dt.datetime, last_seen: dt.datetime) -> Any:
    return None if None in {requested_at, last_seen} else (requested_at - last_seen) / dt.timedelta(days=1)


@udf(["float", int], mode="pandas", drop="factor")
def scaled(amount: Any, factor: Any) -> Any:
    product = amount * factor
    return [product, product.round()]


@udf(str, mode="python")
def initial(name: str) -> Any:
    return None if name is None else name[0]


@udf(int)
def half(number: int) -> Any:
    return number / 2


@udf(float)
def timed(amount: float) -> float:
    return amount + time.perf_counter_ns()


@udf(float, mode="pandas")
def ranked(amount: Any) -> Any:
    return amount.rank()


TYPES = {
    "user": "bigint",
    "last_seen": "timestamp",
    "amount": "float",
    "name": "string",
    "number": "bigint",
}
PARAMETERS = {"requested_at": "timestamp", "factor": "double", "spent": "double"}
FUNCTIONS: tuple[Transformation, ...] = (
    applied(days_since),
    applied(scaled).alias("product", "rounded"),
    applied(initial),
    builtin_transformations.log_transform("spent"),
    builtin_transformations.impute_constant("number", value=-1).alias("filled"),
    builtin_transformations.impute_category("name").alias("category"),
)
RETURNED = {"log_transform": ["double"], "impute_constant": ["bigint"], "impute_category": ["string"]}


def row_of(*functions: Transformation, types: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A group with these functions, as the API tells of it."""
    columns = dict(TYPES if types is None else types)
    used = {name for one in functions for name in one.columns}
    on_demand = []
    for one in functions:
        kinds = list(one.function.return_types) or RETURNED[one.function.name]
        outputs = list(one.outputs) or [one.function.name]
        columns |= dict(zip(outputs, kinds, strict=True))
        definition = None if one.function.is_built_in else one.function.body()
        on_demand.append(
            {
                "function": one.function.name,
                "version": None if definition is None else 1,
                "columns": list(one.columns),
                "parameters": json.dumps(dict(one.parameters)),
                "outputs": outputs,
                "definition": definition,
            }
        )
    listed = [{"name": name, "type": kind, "description": ""} for name, kind in columns.items()]
    parameters = [{"name": name, "type": kind, "description": ""} for name, kind in PARAMETERS.items() if name in used]
    return {
        "primary_key": ["user"],
        "event_time": None,
        "columns": listed,
        "on_demand": on_demand,
        "request_parameters": parameters,
    }


class Group(GroupOnDemand):
    """A group that the API tells of, and what its rows are on the log."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        types = {one["name"]: one["type"] for one in row["columns"]}
        columns = [Column(name=name, type=kind) for name, kind in types.items()]
        schema = row_schema("shop", "visits", 1, columns, ("user",))
        self._schema = fastavro.parse_schema(json.loads(schema))
        self._encoder = RowEncoder(
            RowSchema(types=types, primary_key=("user",), event_time=None, schema_id=10_000, schema=schema)
        )

    @property
    def _known(self) -> Mapping[str, Any]:
        return self.row

    def stored(self, frame: Any, *more: str, transform: bool = True) -> tuple[list[dict[str, Any]], list[Refusal]]:
        """What an insert makes of the frame: rows as they are read again, and those that were refused.

        Of a list those columns are given alone that the group knows, and `more`.
        """
        rows: list[dict[str, Any]] = []
        refused: list[Refusal] = []
        if isinstance(frame, list):
            known = {*TYPES, *(one.name for one in self.request_parameters), *more}
            frame = [{name: value for name, value in row.items() if name in known} for row in frame]
        for part in slices(frame):
            encoded, wrong = self._encoder.encode(*self._completed(part, transform=transform))
            refused += wrong
            for one in encoded:
                row: Any = fastavro.schemaless_reader(io.BytesIO(one.value[5:]), self._schema, None)
                rows.append(row)
        return rows, refused


def view_of(api: Api, *, prefix: str = "", features: Sequence[str], labels: Sequence[str] = ()) -> FeatureView:
    root = {"group": "visits", "version": 1, "features": list(features), "prefix": prefix}
    row = {"name": "v", "version": 1, "labels": list(labels), "inference_helpers": [], "training_helpers": []}
    return FeatureView(api, "shop", {**row, "root": root, "joins": []})


def code(run: Any) -> str:
    with pytest.raises(HeadraceError) as error:
        run()
    return error.value.code


def visit(**more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"user": 1, "last_seen": SEEN, "amount": 0.1, "name": "Ada", "number": 7}
    return {**known, "requested_at": ASKED, "factor": 3.0, "spent": 2.5, **more}


VISITS = st.lists(
    st.fixed_dictionaries(
        {
            "user": st.integers(0, 100),
            "last_seen": st.none() | st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),
            "amount": st.none() | st.floats(-1e9, 1e9),
            "name": st.none() | st.text(min_size=1, max_size=5).filter(lambda text: text.isprintable()),
            "number": st.none() | st.integers(-(2**63), 2**63 - 1),
            "requested_at": st.none() | st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),
            "factor": st.none() | st.sampled_from([0.0, 1.0, -2.5, 1e-3]),
            "spent": st.none() | st.floats(-10, 1e300),
        }
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(visits=VISITS, kind=st.sampled_from(["rows", "polars"]))
def test_a_request_computes_what_an_insert_stored(visits: list[dict[str, Any]], kind: str) -> None:
    group = Group(row_of(*FUNCTIONS))
    frame: Any = visits
    if kind == "polars":
        types = {"amount": pl.Float64, "factor": pl.Float64, "spent": pl.Float64, "number": pl.Int64, "name": pl.String}
        times = {"last_seen": pl.Datetime("us"), "requested_at": pl.Datetime("us")}
        frame = pl.DataFrame(visits, schema_overrides={**types, **times})
    rows, refused = group.stored(frame)
    kept = [visit for index, visit in enumerate(visits) if index not in {one.row for one in refused}]
    names = [feature.name for feature in group._on_demand.features]
    assert names == ["days_since", "product", "rounded", "initial", "log_transform", "filled", "category"]
    with answering((200, group.row)) as server, Api(server.url, "key") as api:
        view = view_of(api, features=[*TYPES, *names])
        assert view.request_parameters == ["requested_at", "factor", "spent"]
        for said, row in zip(kept, rows, strict=True):
            held = {name: row[name] for name in TYPES}
            request = {name: said[name] for name in PARAMETERS}
            computed = view.compute_on_demand_features(held, request)
            assert {name: computed[name] for name in names} == {name: row[name] for name in names}


def test_a_pandas_frame_is_computed_alike_and_not_changed() -> None:
    group = Group(row_of(*FUNCTIONS))
    listed = [visit(), visit(user=2, amount=None, name=None, number=None, spent=-1.0), visit(user=3, last_seen=None)]
    frame = pd.DataFrame(listed)
    before = frame.copy(deep=True)
    rows, refused = group.stored(frame)
    assert (rows, refused) == group.stored(listed)
    assert refused == []
    pd.testing.assert_frame_equal(frame, before)
    assert rows[0]["days_since"] == 2.0
    assert rows[0]["product"] == pytest.approx(0.3, rel=1e-6)
    assert [row["filled"] for row in rows] == [7, -1, 7]
    assert [row["category"] for row in rows] == ["Ada", "missing", "Ada"]
    assert rows[1]["log_transform"] is None
    assert set(rows[0]).isdisjoint(PARAMETERS)


def test_a_row_that_cannot_be_computed_is_refused_with_the_reason_and_the_others_are_stored() -> None:
    group = Group(row_of(applied(half), applied(initial)))
    rows, refused = group.stored(
        [visit(number=4), visit(number=5), visit(name="", number=2), visit(number=None), visit(number=2.5)]
    )
    assert [row["half"] for row in rows] == [2]
    assert [one.row for one in refused] == [1, 2, 3, 4]
    reasons = {one.row: one.reason for one in refused}
    assert "2.5 (float) is no bigint" in reasons[1]
    assert "initial raised IndexError" in reasons[2]
    assert "half raised TypeError" in reasons[3]
    assert "'number' is '2.5' (float), which is not a whole number" in reasons[4]


def test_one_bad_row_in_columns_does_not_spoil_the_others() -> None:
    @udf(float, mode="pandas")
    def inverse(number: Any) -> Any:
        if (number == 0).any():
            raise ZeroDivisionError("no zero, please")
        return 1.0 / number

    rows, refused = Group(row_of(applied(inverse))).stored([visit(number=number) for number in (2, 0, 4)])
    assert [row["inverse"] for row in rows] == [0.5, 0.25]
    assert [one.row for one in refused] == [1]
    assert refused[0].reason.startswith("inverse raised ZeroDivisionError: no zero, please")


def test_a_wrong_length_and_a_number_that_is_not_finite_are_reasons_too() -> None:
    @udf([float, float], mode="python")
    def three(number: int) -> Any:
        return [1.0, 2.0, 3.0][:number]

    @udf(float, mode="pandas")
    def infinite(number: Any) -> Any:
        return number * float("inf")

    rows, refused = Group(row_of(applied(three).alias("a", "b"))).stored([visit(number=2), visit(number=3)])
    assert [(row["a"], row["b"]) for row in rows] == [(1.0, 2.0)]
    assert "three returned 3 values for a row, and declares 2" in refused[0].reason
    _, refused = Group(row_of(applied(infinite))).stored([visit()])
    assert "'infinite' is 'inf' (float), which is not finite" in refused[0].reason


def test_functions_that_depend_on_the_time_or_on_other_rows_are_refused_before_a_row_is_sent() -> None:
    for function in (timed, ranked):
        group = Group(row_of(applied(function)))
        frame = [visit(amount=amount) for amount in (3.0, 1.0, 2.0)]
        assert code(lambda group=group, frame=frame: group.stored(frame)) == "not-repeatable"


def test_what_a_frame_lacks_or_has_too_much_is_an_error_of_the_whole_insert() -> None:
    group = Group(row_of(applied(days_since)))
    frame = visit()
    assert code(lambda: group.stored([{**frame, "days_since": 1.0}], "days_since")) == "computed-column"
    del frame["requested_at"]
    assert code(lambda: group.stored([frame])) == "argument-missing"
    rows, refused = group.stored([visit(days_since=1.5)], "days_since", transform=False)
    assert (rows[0]["days_since"], refused) == (1.5, [])


def test_a_group_without_functions_stores_frames_as_they_are() -> None:
    rows, refused = Group(row_of()).stored([{name: visit()[name] for name in TYPES}])
    assert (list(rows[0]), refused) == (list(TYPES), [])


def test_columns_and_parameters_are_read_off_a_frame_whose_arguments_are_dropped() -> None:
    made = declared([applied(days_since), applied(scaled)], None, (), [visit(days_since=1.0)], ("user", None))
    assert [one.name for one in made.columns] == ["user", "last_seen", "amount", "name", "number", "spent"]
    assert made.parameters == [Feature("requested_at", "timestamp"), Feature("factor", "double")]


def test_given_features_say_which_arguments_are_parameters_and_annotations_their_types() -> None:
    features = [Feature("user", "bigint"), Feature("last_seen", "timestamp"), Feature("requested_at", "timestamp")]
    made = declared([applied(days_since), applied(half)], features, (), None, ("user", None))
    assert made.columns == features[:2]
    assert made.parameters == [Feature("requested_at", "timestamp"), Feature("number", "bigint")]
    keyed = declared([applied(days_since)], features, (), None, ("user", "requested_at"))
    assert (keyed.columns, keyed.parameters) == (features, [])
    named = declared([applied(half)], features, [Feature("number", "int", "of them")], None, ("user", None))
    assert named.parameters == [Feature("number", "int", "of them")]


def test_what_has_no_type_is_named() -> None:
    @udf(float)
    def doubled(amount: Any) -> Any:
        return amount * 2

    features = [Feature("user", "bigint")]
    assert code(lambda: declared([applied(doubled)], features, (), None, ("user", None))) == "untyped-parameter"
    frame = [{"user": 1}]
    assert code(lambda: declared([applied(half)], None, (), frame, ("user", None))) == "argument-missing"
    for strange in ("doubled", builtin_transformations.log_transform):
        assert code(lambda strange=strange: applied(strange)) == "invalid-transformation"


NAMES = ["last_seen", "amount", "days_since", "half"]
ROW = {
    "status": "complete",
    "values": [SEEN.isoformat(), 2.5, 99.0, 3],
    "statuses": ["found"] * 4,
}


def told(*vectors: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"features": NAMES, "vectors": list(vectors)}


def group_row() -> tuple[int, Any]:
    types = {name: kind for name, kind in TYPES.items() if name != "number"}
    row = row_of(applied(days_since), applied(half), types=types)
    row["request_parameters"].append({"name": "number", "type": "bigint", "description": ""})
    return 200, row


def test_a_vector_has_what_is_computed_of_the_request_and_of_what_is_stored() -> None:
    with answering(group_row(), told(ROW), told(ROW, ROW)) as server, Api(server.url, "key") as api:
        view = view_of(api, features=NAMES)
        assert view.on_demand_features == ["days_since", "half"]
        vector, status = view.get_feature_vector(
            {"user": 1}, request_parameters={"requested_at": ASKED, "number": 8}, return_type="dict", return_status=True
        )
        again = view.get_feature_vectors(
            [{"user": 1}, {"user": 2}],
            request_parameters=[
                {"requested_at": "2013-01-02T06:00:00+00:00", "number": 2},
                {"requested_at": ASKED.replace(tzinfo=None), "number": 4.0},
            ],
        )
    assert vector == {"last_seen": SEEN, "amount": 2.5, "days_since": 2.0, "half": 4}
    assert status.features == {"last_seen": "found", "amount": "found", "days_since": "computed", "half": "computed"}
    assert (status.status, status.lacking) == ("complete", {})
    assert again == [[SEEN, 2.5, 1.0, 1], [SEEN, 2.5, 2.0, 2]]


def test_one_request_counts_for_all_entities_and_the_order_of_a_batch_is_kept() -> None:
    later = {**ROW, "values": [(SEEN + dt.timedelta(days=1)).isoformat(), 2.5, 99.0, 3]}
    with answering(group_row(), told(ROW, later)) as server, Api(server.url, "key") as api:
        vectors = view_of(api, features=NAMES).get_feature_vectors(
            [{"user": 1}, {"user": 2}], request_parameters={"requested_at": ASKED, "number": 8}
        )
    assert [row[2] for row in vectors] == [2.0, 1.0]


def test_what_a_request_lacks_is_named_before_anything_is_asked() -> None:
    with answering(group_row(), told(ROW)) as server, Api(server.url, "key") as api:
        view = view_of(api, features=NAMES)
        with pytest.raises(HeadraceError, match="computed of number: give request_parameters") as error:
            view.get_feature_vector({"user": 1}, request_parameters={"requested_at": ASKED})
        assert error.value.code == "request-parameters-missing"
        assert error.value.details == {"parameters": ["number"]}
        asked = len(server.asked)
        strange = {"requested_at": ASKED, "nmber": 1}
        assert code(lambda: view.get_feature_vector({"user": 1}, request_parameters=strange)) == (
            "unknown-request-parameter"
        )
        stored = {"requested_at": ASKED, "number": 1, "amount": 1.0}
        assert code(lambda: view.get_feature_vector({"user": 1}, request_parameters=stored)) == (
            "unknown-request-parameter"
        )
        assert code(lambda: view.get_feature_vectors([{"user": 1}], request_parameters=[])) == (
            "wrong-number-of-request-parameters"
        )
        assert len(server.asked) == asked


def test_a_lenient_request_computes_with_none_and_says_why_a_feature_failed() -> None:
    with answering(group_row(), told(ROW)) as server, Api(server.url, "key") as api:
        vector, status = view_of(api, features=NAMES).get_feature_vector(
            {"user": 1}, allow_missing=True, return_status=True
        )
    assert vector == [SEEN, 2.5, None, None]
    assert status.features["days_since"] == "computed"
    assert status.features["half"] == "failed"
    assert status.reasons["half"].startswith("half raised TypeError")
    assert (status.status, status.lacking) == ("partial", {"half": "failed"})


def test_a_strict_request_names_the_entity_whose_feature_failed() -> None:
    with (
        answering(group_row(), told(ROW, ROW)) as server,
        Api(server.url, "key") as api,
        pytest.raises(HeadraceError, match=r"cannot compute half \(half returned .*\) for {'user': 2}") as error,
    ):
        view_of(api, features=NAMES).get_feature_vectors(
            [{"user": 1}, {"user": 2}],
            request_parameters=[{"requested_at": ASKED, "number": 2}, {"requested_at": ASKED, "number": 3}],
        )
    assert error.value.code == "on-demand-failed"
    assert [one["entry"] for one in error.value.details["failed"]] == [{"user": 2}]


def test_what_is_not_stored_is_missing_though_it_could_be_computed() -> None:
    lacking = {"status": "missing", "values": [None] * 4, "statuses": ["missing"] * 4}
    parameters = {"requested_at": ASKED, "number": 2}
    with answering(group_row(), told(lacking)) as server, Api(server.url, "key") as api:
        view = view_of(api, features=NAMES)
        with pytest.raises(HeadraceError) as error:
            view.get_feature_vector({"user": 1}, request_parameters=parameters)
        assert error.value.details == {
            "missing": [{"entry": {"user": 1}, "features": {"last_seen": "missing", "amount": "missing"}}]
        }
        vector, status = view.get_feature_vector(
            {"user": 1}, request_parameters=parameters, allow_missing=True, return_status=True
        )
    assert (vector, status.status) == ([None, None, None, 1], "missing")


def test_a_feature_that_is_passed_is_not_computed_and_needs_no_parameters() -> None:
    passed = {**ROW, "statuses": ["found", "found", "passed", "passed"]}
    with answering(group_row(), told(passed)) as server, Api(server.url, "key") as api:
        vector = view_of(api, features=NAMES).get_feature_vector({"user": 1}, {"days_since": 99.0, "half": 3})
    assert vector == [SEEN, 2.5, 99.0, 3]


def test_a_vector_without_on_demand_features_is_completed_later() -> None:
    with answering(group_row(), told(ROW)) as server, Api(server.url, "key") as api:
        view = view_of(api, features=NAMES)
        assert view.request_parameters == ["requested_at", "number"]
        stored, status = view.get_feature_vector({"user": 1}, on_demand_features=False, return_status=True)
        assert (stored, set(status.features)) == ([SEEN, 2.5], {"last_seen", "amount"})
        parameters = {"requested_at": ASKED, "number": 2}
        assert view.compute_on_demand_features(stored, parameters) == [SEEN, 2.5, 2.0, 1]
        assert view.compute_on_demand_features([stored, stored], parameters) == [[SEEN, 2.5, 2.0, 1]] * 2
        frame = pd.DataFrame([{"last_seen": SEEN, "other": "x", **parameters}])
        found = view.compute_on_demand_features(frame)
        assert list(found.columns) == ["last_seen", "other", "requested_at", "number", "days_since", "half"]
        assert (found["days_since"][0], found["half"][0]) == (2.0, 1)
        assert code(lambda: view.compute_on_demand_features([1.0], parameters)) == "wrong-number-of-values"
        assert code(lambda: view.compute_on_demand_features({"last_seen": SEEN})) == "request-parameters-missing"
        assert code(lambda: view.compute_on_demand_features({"last_seen": SEEN}, {**parameters, "number": 3})) == (
            "on-demand-failed"
        )


def test_no_source_is_run_where_nothing_is_computed() -> None:
    row = row_of(applied(days_since))
    row["on_demand"][0]["definition"]["source"] = "raise RuntimeError('it is run')\n"
    names = ["last_seen", "days_since"]
    answer = {"features": names, "vectors": [{"status": "complete", "values": [None, 1.0], "statuses": ["found"] * 2}]}
    with answering((200, row), (200, answer)) as server, Api(server.url, "key") as api:
        view = view_of(api, features=names)
        assert view.request_parameters == ["requested_at"]
        assert view.get_feature_vector({"user": 1}, on_demand_features=False) == [None]
        asked = {"requested_at": ASKED}
        assert code(lambda: view.get_feature_vector({"user": 1}, request_parameters=asked)) == "source-does-not-load"
    group = Group(row)
    assert group.stored([visit(days_since=1.0)], "days_since", transform=False)[1] == []
    assert code(lambda: group.stored([visit()])) == "source-does-not-load"


def test_in_a_loop_vectors_come_out_alike() -> None:
    parameters = {"requested_at": ASKED, "number": 2}

    async def ask(view: FeatureView, api: Api) -> Any:
        one = await view.get_feature_vector_async({"user": 1}, request_parameters=parameters)
        many = await view.get_feature_vectors_async([{"user": 1}], request_parameters=[parameters])
        with pytest.raises(HeadraceError) as error:
            await view.get_feature_vector_async({"user": 1})
        await api.aclose()
        return one, many, error.value.code

    with answering(group_row(), told(ROW)) as server, Api(server.url, "key") as api:
        found = asyncio.run(ask(view_of(api, features=NAMES), api))
    assert found == ([SEEN, 2.5, 2.0, 1], [[SEEN, 2.5, 2.0, 1]], "request-parameters-missing")


def test_labels_are_not_computed_and_names_in_a_view_have_its_prefix() -> None:
    with answering(group_row()) as server, Api(server.url, "key") as api:
        view = view_of(api, prefix="v_", features=["last_seen", "days_since", "half"], labels=["v_half"])
        assert (view.on_demand_features, view.request_parameters) == (["v_days_since"], ["v_requested_at"])
        assert [one.function.name for one in view.on_demand_functions] == ["days_since"]
        found = view.compute_on_demand_features({"v_last_seen": SEEN}, {"v_requested_at": ASKED})
    assert found == {"v_last_seen": SEEN, "v_days_since": 2.0}


def test_what_an_entry_names_need_not_be_said_again() -> None:
    row = row_of(builtin_transformations.log_transform("user"))
    answer = {"features": ["log_transform"], "vectors": [{"status": "complete", "values": [0], "statuses": ["found"]}]}
    with answering((200, row), (200, answer)) as server, Api(server.url, "key") as api:
        view = view_of(api, features=["log_transform"])
        assert view.request_parameters == ["user"]
        (logarithm,) = view.get_feature_vector({"user": 8})
    assert logarithm == pytest.approx(math.log(8))


def test_a_view_without_them_takes_no_request_parameters() -> None:
    with answering((200, row_of())) as server, Api(server.url, "key") as api:
        view = view_of(api, features=["amount"])
        assert (view.on_demand_features, view.request_parameters) == ([], [])
        assert code(lambda: view.get_feature_vector({"user": 1}, request_parameters={"a": 1})) == (
            "unknown-request-parameter"
        )
