"""A group of 50 million rows is written and read in processes of at most 4 GiB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[4]
ROWS = 50_000_000
ENTITIES = ROWS // 5
MOST_MB = 4_096

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


def done(task: str, folder: Path) -> Any:
    """What the program says of it."""
    program = "tests.unit.projections.offline.large_group"
    command = [sys.executable, "-m", program, task, folder.as_uri(), str(ROWS)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_fifty_million_rows_are_backfilled_and_read_in_little_memory(tmp_path: Path) -> None:
    written = done("backfill", tmp_path)
    whole, last = done("history", tmp_path), done("last", tmp_path)
    assert (whole["rows"], whole["sum"]) == (ROWS, ROWS * (ROWS - 1) // 2)
    of_last = range(ROWS - ENTITIES, ROWS)
    assert (last["rows"], last["sum"]) == (ENTITIES, sum(of_last))
    assert max(written["peak"], whole["peak"], last["peak"]) < MOST_MB
