"""Rows of files, read as a group's features, and written again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from headrace import Feature, Invalid
from headrace_cli.frames import deliver, key_of, pairs, read_file, write_file

FEATURES = [
    Feature("id", "string"),
    Feature("at", "timestamp"),
    Feature("day", "date"),
    Feature("number", "bigint"),
    Feature("share", "double"),
    Feature("known", "boolean"),
]
ROWS = pa.table(
    {
        "id": ["0017", "", None],
        "at": pa.array([datetime(2013, 7, 1, 12, tzinfo=UTC)] * 3, pa.timestamp("us", tz="UTC")),
        "day": pa.array([date(2013, 7, 1), None, date(1969, 12, 31)], pa.date32()),
        "number": pa.array([2**62, None, -1], pa.int64()),
        "share": pa.array([0.1, None, 1e300], pa.float64()),
        "known": [True, False, None],
    }
)


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "csv", "tsv", "jsonl"])
def test_what_is_written_is_read_again_as_it_was(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows.{suffix}"
    write_file(ROWS, path)
    assert read_file(path, FEATURES).select(ROWS.column_names).cast(ROWS.schema).equals(ROWS)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_the_features_say_what_the_text_of_a_file_is(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,at,number\n0017,2013-07-01T14:00:00+02:00,1\n18,2013-07-01 12:00:00,2\n")
    found = read_file(path, FEATURES).to_pylist()
    assert [row["id"] for row in found] == ["0017", "18"]
    assert {row["at"] for row in found} == {datetime(2013, 7, 1, 12, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("rows.xlsx", b"", "unknown-file-format"),
        ("rows.csv", None, "no-such-file"),
        ("rows.csv", b"id,number\na,one\n", "unreadable-file"),
        ("rows.csv", b"", "unreadable-file"),
        ("rows.csv", b"id,at\na,yesterday\n", "unreadable-file"),
        ("rows.parquet", b"PAR1", "unreadable-file"),
        ("rows.arrow", b"ARROW1", "unreadable-file"),
        ("rows.jsonl", b"{", "unreadable-file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    name: str, content: bytes | None, code: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Invalid, match=name) as refused:
        read_file(path, FEATURES)
    assert refused.value.code == code


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    nested = pa.table({"inner": [{"a": 1}]})
    with pytest.raises(Invalid, match=r"rows\.csv cannot be written"):
        write_file(nested, tmp_path / "rows.csv")
    with pytest.raises(Invalid, match="its name says how it is written"):
        write_file(ROWS, tmp_path / "rows")
    assert list(tmp_path.iterdir()) == []


def test_a_key_has_the_types_of_its_columns() -> None:
    assert key_of(["id=17", "number=17", "known=true", "at=2013-07-01"], FEATURES) == {
        "id": "17",
        "number": 17,
        "known": True,
        "at": "2013-07-01",
    }
    for wrong, code in (("id", "invalid-pair"), ("nobody=1", "unknown-column"), ("number=x", "invalid-value")):
        with pytest.raises(Invalid) as refused:
            key_of([wrong], FEATURES)
        assert refused.value.code == code
    assert pairs(["a=b=c"]) == {"a": "b=c"}


def test_the_screen_shows_the_first_rows_and_says_how_many_are_left(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(False, pa.table({"number": range(30)}), None, None)
    shown, said = capsys.readouterr()
    assert len(shown.splitlines()) == 21
    assert "10 more rows" in said
