"""Streaming feature groups said in SQL are the same as said in Python, or refused with the place of what is not."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import headrace
from headrace_api.streaming_feature_groups.models import EXAMPLE, NewStreamingFeatureGroup
from headrace_api.streaming_feature_groups.sql import declaration_of
from headrace_events.errors import Invalid
from headrace_events.feature_group_streaming import CreateStreamingFeatureGroup

FROM = "FROM TABLE(HOP(TABLE landings, DESCRIPTOR(landed), INTERVAL '1' HOUR, INTERVAL '24' HOURS))"
GROUP = "GROUP BY origin, window_start, window_end"
SQL = {"mean": "AVG", "sum": "SUM", "min": "MIN", "max": "MAX", "stddev": "STDDEV_POP", "count": "COUNT"}
UNITS = {"s": "SECOND", "min": "MINUTES", "h": "HOUR", "d": "DAYS"}
NAMES = st.sampled_from(["origin", "carrier", "arr_delay", "distance", "order", "group"])
LENGTHS = st.tuples(st.integers(1, 999), st.sampled_from(sorted(UNITS)))
Length = tuple[int, str]


def interval(length: Length) -> str:
    return f"INTERVAL '{length[0]}' {UNITS[length[1]]}"


def said(length: Length) -> str:
    return f"{length[0]}{length[1]}"


def in_sql(**more: Any) -> CreateStreamingFeatureGroup:
    return NewStreamingFeatureGroup(name="delays", **more).wish("flights")


@given(
    keys=st.lists(NAMES, min_size=1, max_size=3, unique=True),
    wanted=st.lists(st.tuples(st.sampled_from(sorted(SQL)), NAMES, LENGTHS | st.none()), min_size=1, max_size=5),
    slide=LENGTHS,
    size=LENGTHS,
)
def test_sql_and_python_give_the_same_declaration(
    keys: list[str], wanted: list[tuple[str, str, Length | None]], slide: Length, size: Length
) -> None:
    items = [f"`{key}`" for key in keys]
    in_python = []
    for function, column, shorter in wanted:
        over = shorter or size
        made = getattr(headrace, function)(column, over=said(over))
        in_python.append(made.body())
        filtered = f" FILTER (WHERE landed >= window_end - {interval(over)})" if shorter else ""
        items.append(f"{SQL[function]}(`{column}`){filtered} AS `{made.name}`")
    items.append(f"COUNT(*) FILTER (WHERE window_end - {interval(slide)} <= landed)")
    in_python.append(headrace.count(over=said(slide)).body())
    sql = (
        f"SELECT {', '.join(items)} FROM TABLE(HOP(TABLE landings, DESCRIPTOR(landed), {interval(slide)}, "
        f"{interval(size)})) GROUP BY {', '.join(f'`{key}`' for key in keys)}, window_start, window_end"
    )
    body = {"source": "landings", "keys": keys, "aggregations": in_python, "slide": said(slide)}
    spoken = NewStreamingFeatureGroup.model_validate({"name": "delays", **body}).wish("flights")
    written = in_sql(sql=sql)
    assert written.event_time == "landed"
    assert written == CreateStreamingFeatureGroup(
        **{name: getattr(spoken, name) for name in spoken.__dataclass_fields__ if name != "event_time"},
        event_time="landed",
    )


def test_a_tumbling_window_slides_by_its_length_and_the_example_of_the_api_is_read() -> None:
    tumbling = FROM.replace("HOP", "TUMBLE").replace(", INTERVAL '24' HOURS", "")
    declared = declaration_of(f"select origin, window_end, count(*)\n{tumbling}\n{GROUP};")
    assert (declared.slide, [one.over for one in declared.aggregations]) == ("1h", ["1h"])
    assert [one.name for one in declaration_of(EXAMPLE).aggregations] == ["arr_delay_mean_24h"]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (f"SELECT origin,\n  MEDIAN(d) {FROM} {GROUP}", "line 2, column 3: MEDIAN(d) is none of COUNT"),
        (f"SELECT origin, MINE(d) {FROM} {GROUP}", "line 1, column 16: MINE is none of COUNT"),
        (f"SELECT origin, STDDEV(d) {FROM} {GROUP}", "line 1, column 16: the standard deviation is the population's"),
        (f"SELECT origin, AVG(d) AS mean {FROM} {GROUP}", "AS mean is not supported: the column is called d_mean_24h"),
        (f"SELECT origin, AVG(d + 1) {FROM} {GROUP}", "a function is of one column"),
        (f"SELECT origin, COUNT(DISTINCT d) {FROM} {GROUP}", "a function is of one column"),
        (f"SELECT origin, dest, AVG(d) {FROM} {GROUP}", "'dest' is neither grouped by nor aggregated"),
        (f"SELECT *, AVG(d) {FROM} {GROUP}", "* is none of COUNT"),
        (f"SELECT origin, AVG(d) OVER (PARTITION BY origin) {FROM} {GROUP}", "is none of COUNT"),
        (f"SELECT origin, AVG(d) FILTER (WHERE d > 1) {FROM} {GROUP}", "a FILTER makes a window shorter"),
        (f"SELECT AVG(d) FILTER (WHERE landed > window_end - INTERVAL '1' HOUR) {FROM} {GROUP}", "makes a window"),
        (f"SELECT AVG(d) FILTER (WHERE at >= window_end - INTERVAL '1' HOUR) {FROM} {GROUP}", "WHERE landed >="),
        (f"SELECT origin, AVG(d)\n{FROM}\nWHERE d > 3 {GROUP}", "line 3, column 7: WHERE is not supported"),
        (f"SELECT origin, AVG(d) {FROM} {GROUP} HAVING COUNT(*) > 1", "HAVING is not supported"),
        (f"SELECT origin, AVG(d) {FROM} {GROUP} ORDER BY origin", "ORDER BY is not supported"),
        (f"SELECT DISTINCT origin, AVG(d) {FROM} {GROUP}", "DISTINCT is not supported"),
        (f"SELECT origin, AVG(d) {FROM} JOIN b ON 1 = 1 {GROUP}", "JOIN is not supported"),
        (f"WITH a AS (SELECT 1) SELECT origin, AVG(d) {FROM} {GROUP}", "WITH is not supported"),
        (f"SELECT origin, AVG(d) {FROM} AS t {GROUP}", "without an alias"),
        (f"SELECT origin, AVG(d) FROM landings {GROUP}", "line 1, column 28: a query reads FROM TABLE(HOP("),
        (f"SELECT origin, AVG(d) {FROM.replace('HOP', 'SLIDING')} {GROUP}", "a query reads FROM TABLE(HOP("),
        (f"SELECT origin, AVG(d) {FROM.replace('))', ', 5))')} {GROUP}", "HOP takes a table"),
        (f"SELECT origin, AVG(d) {FROM.replace('HOP', 'TUMBLE')} {GROUP}", "TUMBLE takes a table"),
        (f"SELECT origin, AVG(d) {FROM.replace('landings', 'a.b')} {GROUP}", "the name of a feature group"),
        (f"SELECT origin, AVG(d) {FROM.replace('DESCRIPTOR(landed)', 'landed')} {GROUP}", "is DESCRIPTOR(column)"),
        (f"SELECT origin, AVG(d) {FROM.replace('24', '1.5')} {GROUP}", "a length is INTERVAL '24' HOUR"),
        (f"SELECT origin, AVG(d) {FROM.replace('HOURS', 'MONTHS')} {GROUP}", "a length is INTERVAL '24' HOUR"),
        (f"SELECT origin, AVG(d) {FROM} GROUP BY origin", "GROUP BY lacks window_start and window_end"),
        (f"SELECT origin, AVG(d) {FROM} GROUP BY 1, window_start, window_end", "GROUP BY takes names of columns"),
        (f"SELECT origin, AVG(d) {FROM} GROUP BY ROLLUP(origin), window_start, window_end", "takes names of columns"),
        (f"SELECT origin, AVG(d) {FROM}", "a query ends with GROUP BY"),
        (f"SELECT origin, AVG(d) {FROM} {GROUP} UNION ALL SELECT 2", "one SELECT says"),
        ("SELECT 1; SELECT 2", "one SELECT says"),
        ("DROP TABLE landings", "one SELECT says"),
        ("", "one SELECT says"),
    ],
)
def test_what_is_not_computed_is_refused_with_its_place(sql: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        declaration_of(sql)
    assert refused.value.code == "unsupported-sql"
    assert why in refused.value.message


@pytest.mark.parametrize("sql", ["SELECT (", "SELECT 'open", "SELECT " + "(" * 5_000, "SELECT a FROM TABLE(HOP("])
def test_what_is_no_sql_is_refused(sql: str) -> None:
    with pytest.raises(Invalid) as refused:
        declaration_of(sql)
    assert refused.value.code == "invalid-sql"


@given(st.text(max_size=60))
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    for sql in (text, f"SELECT {text} {FROM} {GROUP}", f"SELECT AVG(d) {FROM} GROUP BY {text}"):
        with contextlib.suppress(Invalid):
            assert declaration_of(sql).source == "landings"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "incomplete-declaration"),
        ({"source": "landings", "keys": ["origin"]}, "incomplete-declaration"),
        ({"sql": EXAMPLE, "slide": "1h"}, "two-notations"),
        ({"sql": EXAMPLE, "source": "landings"}, "two-notations"),
    ],
)
def test_a_declaration_is_said_once_and_wholly(body: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        in_sql(**body)
    assert refused.value.code == code


def test_the_source_may_be_named_beside_the_query() -> None:
    assert in_sql(sql=EXAMPLE, source="arrivals", source_version=2).source_version == 2


def test_a_topic_of_the_project_is_named_in_sql_and_in_python_alike() -> None:
    sql = EXAMPLE.replace("TABLE arrivals", "TABLE topics.arrivals")
    spoken = NewStreamingFeatureGroup.model_validate(
        {
            "name": "delays",
            "source": "flights.topics.arrivals",
            "event_time": "landed",
            "keys": ["origin"],
            "aggregations": [headrace.mean("arr_delay", over="24h").body()],
            "slide": "10min",
        }
    )
    assert in_sql(sql=sql) == in_sql(sql=sql, source="topics.arrivals") == spoken.wish("flights")
    with pytest.raises(Invalid) as another:
        in_sql(sql=sql, event_time="taken")
    assert another.value.code == "two-notations"
