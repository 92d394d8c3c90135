"""A training dataset is made, hashed and read in batches: what memory that takes does not grow with its rows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
MOST_MB = 420
"""A join may take 160 MiB; the rest are batches on their way through sketches, writers and readers."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def grown(folder: Path, form: str) -> tuple[int, int]:
    """The megabytes of the rows, and by how many the peak grew."""
    program = "tests.unit.processors.training.larger_than_memory"
    ended = subprocess.run(
        [sys.executable, "-m", program, str(folder), form], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    return told["rows"], told["grew"]


@pytest.mark.parametrize("form", ["parquet", "csv", "npy", "hdf5", "tfrecord", "petastorm"])
def test_in_batches_less_memory_than_the_rows_is_enough(form: str, tmp_path: Path) -> None:
    rows, grew = grown(tmp_path, form)
    assert rows > 1.4 * MOST_MB
    assert grew < MOST_MB


def test_as_one_table_it_would_not_be(tmp_path: Path) -> None:
    _, grew = grown(tmp_path, "whole")
    assert grew > MOST_MB
