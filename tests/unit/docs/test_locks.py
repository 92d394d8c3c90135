"""What is installed is what was looked at: each package of one version, by the hash of its files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.named import ROOT

APART = [ROOT / "processors" / "flink", ROOT / "bench" / "feast", ROOT / "tests" / "petastorm"]
"""Where what has an environment of its own says what lies in it."""
LOCKS = sorted([*(ROOT / "locks").glob("*.txt"), *(lock for folder in APART for lock in folder.glob("*.lock"))])
NODE = sorted(path for path in (ROOT / "tests").rglob("package-lock.json") if "node_modules" not in path.parts)


def pinned(text: str) -> dict[str, str]:
    """Each requirement, with what follows it up to the next."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    return {block.split()[0]: block for block in blocks if block.strip() and not block.startswith("#")}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parent.name}/{lock.name}")
def test_every_package_of_a_lock_has_one_version_and_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert pinned(text)
    for requirement, block in pinned(text).items():
        assert re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==[^\s;*]+", requirement), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", block), requirement


@pytest.mark.parametrize("lock", NODE, ids=lambda lock: lock.parent.name)
def test_every_package_of_a_test_server_has_a_hash(lock: Path) -> None:
    packages = {name: held for name, held in json.loads(lock.read_text())["packages"].items() if name}
    assert packages
    for name, held in packages.items():
        assert held["integrity"].startswith("sha512-"), name


def test_what_installs_them_asks_for_the_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text()
    syncs = [line for line in makefile.splitlines() if "pip sync" in line or "pip install --quiet --require" in line]
    assert len(syncs) == len(LOCKS) == 5
    assert all("--require-hashes" in line for line in syncs)
