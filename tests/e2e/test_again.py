"""The story once more, on the stack where it has been played."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from tests.e2e.conftest import tell
from tests.e2e.witness import Played

pytestmark = pytest.mark.timeout(1200)  # it starts a stack and plays the story twice


@pytest.mark.long
def test_played_again_it_goes_on_in_new_projects_and_the_same_rows_have_the_same_hash(
    played: Played, surroundings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("again")
    tell(folder, surroundings)
    steps = json.loads((folder / "demo-report.json").read_text())["steps"]
    assert steps[1]["projects"] == ["flights-3", "rival-3"]
    assert steps[3]["hash"] == played.step(3)["hash"]
    assert steps[3]["positions"] != played.step(3)["positions"]
    assert steps[8]["flights_on_the_topic"] == played.step(8)["flights_on_the_topic"]
