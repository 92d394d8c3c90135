"""Artifacts are whole, found by their hash, and checked when they are read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from headrace_broker.artifacts import Artifacts
from headrace_broker.errors import Corrupt, Missing


def test_what_is_written_is_read_by_its_hash(tmp_path: Path) -> None:
    artifacts = Artifacts.at(tmp_path.as_uri())
    sha256 = artifacts.write("flights", b"a model")
    assert sha256 == hashlib.sha256(b"a model").hexdigest()
    assert artifacts.read("flights", sha256) == b"a model"
    assert (tmp_path / "artifacts" / "flights" / sha256[:2] / sha256).read_bytes() == b"a model"


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    artifacts = Artifacts.at(tmp_path.as_uri())
    assert artifacts.write("flights", b"x") == artifacts.write("flights", b"x")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_another_project_has_another_folder(tmp_path: Path) -> None:
    artifacts = Artifacts.at(tmp_path.as_uri())
    sha256 = artifacts.write("flights", b"x")
    with pytest.raises(Missing):
        artifacts.read("rival", sha256)


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    artifacts = Artifacts.at(tmp_path.as_uri())
    sha256 = artifacts.write("flights", b"x")
    Path(artifacts.path("flights", sha256)).write_bytes(b"y")
    with pytest.raises(Corrupt):
        artifacts.read("flights", sha256)


@pytest.mark.parametrize(
    ("project", "sha256"), [("../secrets", "a" * 64), ("", "a" * 64), ("flights", "../../x"), ("flights", "A" * 64)]
)
def test_a_name_never_leaves_the_folder(tmp_path: Path, project: str, sha256: str) -> None:
    with pytest.raises(ValueError, match="do not name an artifact"):
        Artifacts.at(tmp_path.as_uri()).path(project, sha256)
