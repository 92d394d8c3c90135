"""Datasets made again: the same, or what differs in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.sdk.answering import answering

from headrace import ExternalReading, Failed, FeatureView, Manifest
from headrace._http import Api
from headrace._training_dataset import TrainingFile, TrainingSplit, differences
from headrace._training_statistics import FeatureStatistics, changed

BEFORE = Manifest(
    view="delays",
    view_version=1,
    version=1,
    format="parquet",
    splits=tuple(TrainingSplit(name=name, start=0, end=9, share=0.5) for name in ("train", "test")),
    seed=7,
    positions=("t:0:9",),
    hash="a" * 64,
    files=tuple(TrainingFile(split=name, sha256="", size=1, rows=10) for name in ("train", "test")),
)
VIEW = {
    "name": "delays",
    "version": 1,
    "root": {"group": "flights", "version": 1, "features": ["late"], "prefix": ""},
    "joins": [],
    "labels": ["late"],
}
GROUP = {
    "primary_key": ["flight"],
    "columns": [{"name": name, "type": "string", "description": ""} for name in ("flight", "late")],
}


def row(manifest: Manifest) -> dict[str, Any]:
    """The dataset as the API shows it."""
    return {
        "view": "delays",
        "view_version": 1,
        "version": manifest.version,
        "phase": "recorded",
        "format": "parquet",
        "splits": [{"name": one.name, "start": one.start, "end": one.end, "share": one.share} for one in BEFORE.splits],
        "seed": 7,
        "positions": list(manifest.positions),
        "hash": manifest.hash,
        "files": [{"split": one.split, "sha256": one.sha256, "size": 1, "rows": one.rows} for one in manifest.files],
    }


def test_equal_hashes_leave_nothing_to_say() -> None:
    assert differences(BEFORE, replace(BEFORE, version=2)) == []


def test_what_differs_is_said_of_each_split() -> None:
    fewer = (BEFORE.files[0], replace(BEFORE.files[1], rows=8))
    assert differences(BEFORE, replace(BEFORE, hash="b", files=fewer)) == ["split 'test' has 8 rows, not 10"]
    assert differences(BEFORE, replace(BEFORE, hash="b")) == ["as many rows in each split, but other values or types"]


def test_features_whose_values_are_others_are_named() -> None:
    late, wind = (
        FeatureStatistics(name=name, count=10, nulls=0, distinct=2, nonfinite=0, min=0.0, max=1.0, mean=0.5)
        for name in ("late", "wind")
    )
    before = {"train": {"late": late, "wind": wind}, "test": {"wind": wind}}
    assert changed(before, before) == []
    assert changed(before, {**before, "train": {"late": replace(late, distinct=3), "wind": wind}}) == []
    after = {"train": {"late": late, "wind": replace(wind, mean=0.6)}, "test": {}}
    assert changed(before, after) == [
        "in split 'train' the values of wind are others",
        "in split 'test' the values of wind are others",
    ]


def test_a_source_that_gave_other_rows_is_named() -> None:
    then = ExternalReading(
        group="shops",
        version=1,
        storage_connector="warehouse",
        query_sha256="q",
        sha256="f",
        rows=3,
        hash="c" * 64,
        read_at=datetime(2026, 3, 1, 10, tzinfo=UTC),
    )
    now = replace(then, sha256="g", read_at=datetime(2026, 3, 2, 10, tzinfo=UTC))
    before = replace(BEFORE, readings=(then,))
    assert differences(before, replace(before, readings=(now,))) == []
    others = replace(before, hash="b" * 64, readings=(replace(now, rows=2, hash="d" * 64),))
    assert differences(before, others) == [
        "the query of 'shops' version 1 gave other rows: 2 with hash dddddddddddd… at 2026-03-02T10:00:00+00:00,"
        " and 3 with cccccccccccc… at 2026-03-01T10:00:00+00:00",
        "as many rows in each split, but other values or types",
    ]


def test_a_dataset_that_comes_out_otherwise_is_no_recreation() -> None:
    after = replace(BEFORE, version=2, hash="b" * 64, files=(BEFORE.files[0], replace(BEFORE.files[1], rows=8)))
    taken = {"command_id": "c", "aggregate": "a", "version": 1, "positions": [], "events": [], "status_url": None}
    happened = [{"type": "training_dataset.requested", "body": {"version": 2}}]
    answers = [(200, row(BEFORE)), (200, GROUP), (202, taken), (200, happened), (200, row(after))]
    with answering(*answers) as server, Api(server.url, "key") as api:
        with pytest.raises(Failed, match=r"version 2 is not what version 1 was: split 'test' has 8 rows, not 10") as no:
            FeatureView(api, "shop", VIEW).recreate_training_dataset(1, show_progress=False)
        assert no.value.code == "training-data-differs"
        (asked,) = [one for one in server.asked if one.method == "POST"]
        assert b'"seed":7' in asked.body
        assert b'"share":0.5' in asked.body
        assert b'"positions":["t:0:9"]' in asked.body
