"""A whole stack, started as the README says, and the story played on it as `make demo` plays it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.e2e.guides import README, block
from tests.e2e.witness import Played, Witness
from tests.integration.stack import CACHE, RunningStack, running_stack

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="package")
def whole_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Run everything that `headrace up` runs."""
    with running_stack(tmp_path_factory.mktemp("e2e")) as running:
        yield running


@pytest.fixture(scope="package")
def surroundings(whole_stack: RunningStack) -> Mapping[str, str]:
    """What a person's shell holds who works with this stack."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    return {
        **bare,
        "HEADRACE_HOME": str(whole_stack.site.home.root),
        "HEADRACE_CACHE": str(CACHE),
        "PYTHONPATH": str(REPOSITORY / "examples"),
    }


@pytest.fixture(scope="package")
def newcomer(
    whole_stack: RunningStack, surroundings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    """Somebody types what the README shows, in a clone of their own: the commands, then the program."""
    clone = tmp_path_factory.mktemp("clone")
    (clone / ".venv").symlink_to(sys.prefix)
    script = "\n".join(("set -e", block(README, "bash", 1), f"exec {sys.executable} program.py"))
    (clone / "program.py").write_text(block(README, "python"))
    return subprocess.run(
        ["bash", "-c", script], cwd=clone, env=surroundings, capture_output=True, text=True, check=False, timeout=240
    )


@pytest.fixture(scope="package")
def played(
    newcomer: subprocess.CompletedProcess[str],
    whole_stack: RunningStack,
    surroundings: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Played]:
    """The story of a sample of the year, on a stack where somebody has been before."""
    folder = tmp_path_factory.mktemp("story")
    told = tell(folder, surroundings, "flights", "sample")
    report = json.loads((folder / "demo-report.json").read_text())
    witness = Witness.of(whole_stack)
    yield Played(report=report, told=told, witness=witness, home=whole_stack.site.home.root)
    witness.http.close()


def tell(folder: Path, surroundings: Mapping[str, str], *story: str, seconds: float = 480) -> str:
    """Play a story; give what it says, the end of which is shown where it fails."""
    with (folder / "told").open("w") as told:
        done = subprocess.run(
            [sys.executable, "-m", *story],
            cwd=folder,
            env=surroundings,
            stdout=told,
            stderr=told,
            check=False,
            timeout=seconds,
        )
    said = (folder / "told").read_text()
    assert done.returncode == 0, said[-4000:]
    return said
