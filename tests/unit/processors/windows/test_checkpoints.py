"""Which checkpoint the job goes on from, and which are forgotten."""

import os
from pathlib import Path

import pytest

from headrace_processors.windows.checkpoints import Checkpoints


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints.of(tmp_path, [b"SELECT 1"])


def checkpoint(of: Checkpoints, job: str, number: int, *, at: int, complete: bool = True) -> Path:
    folder = of.folder / job / f"chk-{number}"
    folder.mkdir(parents=True)
    if complete:
        metadata = folder / "_metadata"
        metadata.touch()
        os.utime(metadata, (at, at))
    return folder


def test_at_first_there_is_none(checkpoints: Checkpoints) -> None:
    assert checkpoints.newest() is None


def test_the_newest_complete_one_is_taken_whatever_its_number(checkpoints: Checkpoints) -> None:
    checkpoint(checkpoints, "old", 90, at=100)
    newest = checkpoint(checkpoints, "new", 3, at=200)
    checkpoint(checkpoints, "new", 4, at=300, complete=False)
    assert checkpoints.newest() == newest


def test_another_sql_has_other_checkpoints(tmp_path: Path, checkpoints: Checkpoints) -> None:
    checkpoint(checkpoints, "job", 1, at=100)
    assert Checkpoints.of(tmp_path, [b"SELECT 2"]).newest() is None
    assert Checkpoints.of(tmp_path, [b"SELECT 1"]).newest() is not None


def test_other_jobs_are_forgotten_once_this_one_can_stand_alone(checkpoints: Checkpoints) -> None:
    old = checkpoint(checkpoints, "old", 1, at=100)
    checkpoint(checkpoints, "new", 1, at=200, complete=False)
    assert checkpoints.forget_others("new") == []
    assert old.exists()
    checkpoint(checkpoints, "new", 2, at=300)
    assert checkpoints.forget_others("new") == ["old"]
    assert not old.exists()
    assert checkpoints.newest() == checkpoints.folder / "new" / "chk-2"
