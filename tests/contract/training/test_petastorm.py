"""What the training processor writes for Petastorm and the SDK lays out, Petastorm's own readers read."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.dataset_vectors import table

from headrace._petastorm_folder import COMMON, PART, common_metadata
from headrace_processors.training.writers import write

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-petastorm" / "bin" / "python"
COLUMNS = {
    "late": "boolean",
    "gates": "int",
    "seats": "bigint",
    "share": "float",
    "wind": "double",
    "origin": "string",
    "raw": "binary",
    "day": "date",
    "seen": "timestamp",
    "fields": "int",
    "price": "decimal(10,2)",
    "place": "embedding(2)",
    "codes": "array<bigint>",
    "checks": "array<boolean>",
    "shares": "array<float>",
    "_key_flight": "string",
    "_event_time": "timestamp",
}
ROWS: list[list[Any]] = [
    [
        True,
        -7,
        2**62 + 1,
        0.5,
        0.1,
        "Zürich\t\n",
        b"\x00\xff\x00",
        -1,
        -1,
        1,
        Decimal("1.50"),
        [0.5, -1.0],
        [2**62 + 1, -1],
        [True],
        [0.5],
        "a",
        1,
    ],
    [
        False,
        0,
        -(2**63),
        float("inf"),
        1e300,
        "",
        b"",
        15_706,
        1_356_998_400_000_001,
        2,
        Decimal("-0.01"),
        [0.0, 8.0],
        [7],
        [],
        [],
        "b",
        2,
    ],
    [*[None] * 15, "c", -3],
]
ITEMS = {"embedding(2)": "float32", "array<bigint>": "int64", "array<boolean>": "bool", "array<float>": "float32"}
TOGETHER = ["seats", "wind", "origin"]
NAMES = [name for name in COLUMNS if not name.startswith("_")]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The rows, written in two row groups, as Petastorm has them."""
    folder = tmp_path_factory.mktemp("train.petastorm")
    data = table(COLUMNS, ROWS)
    write(folder / PART, "petastorm", data.schema, data.to_batches(max_chunksize=2))
    (folder / COMMON).write_bytes(common_metadata(folder / PART))
    program = [str(PYTHON), str(ROOT / "tests" / "petastorm" / "read.py"), folder.as_uri(), *TOGETHER]
    assert PYTHON.exists(), "`make test` installs Petastorm's environment"
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def plain(name: str, value: Any) -> Any:
    """A value as `tests/petastorm/read.py` tells it; a float that is null is NaN there."""
    match COLUMNS[name]:
        case "float" | "double":
            return {"float": float("nan" if value is None else value).hex()}
        case "binary":
            return None if value is None else {"hex": value.hex()}
        case "decimal(10,2)":
            return None if value is None else {"decimal": str(value)}
        case kind if kind in ITEMS:
            items = [{"float": item.hex()} if isinstance(item, float) else item for item in value or ()]
            return None if value is None else {"dtype": ITEMS[kind], "items": items}
        case _:
            return value


def test_make_reader_gives_every_value_of_every_feature(read: Any) -> None:
    assert read["rows"] == [
        {name: plain(name, value) for name, value in zip(COLUMNS, row, strict=True) if name in NAMES} for row in ROWS
    ]


def test_make_batch_reader_gives_a_row_group_at_a_time(read: Any) -> None:
    first, second = read["groups"]
    assert set(first) == set(TOGETHER)
    assert first["seats"] == {"dtype": "int64", "items": [2**62 + 1, -(2**63)]}
    assert first["wind"] == {"dtype": "float64", "items": [{"float": value.hex()} for value in (0.1, 1e300)]}
    assert first["origin"]["items"] == ["Zürich\t\n", ""]
    assert len(second["wind"]["items"]) == 1
