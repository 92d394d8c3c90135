"""The story once more, on the stack where it has been played, and the story of the whole year."""

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
    tell(folder, surroundings, "flights", "sample")
    steps = json.loads((folder / "demo-report.json").read_text())["steps"]
    assert steps[1]["projects"] == ["flights-3", "rival-3"]
    assert steps[3]["hash"] == played.step(3)["hash"]
    assert steps[3]["positions"] != played.step(3)["positions"]
    assert steps[8]["flights_on_the_topic"] == played.step(8)["flights_on_the_topic"]


@pytest.mark.long
@pytest.mark.timeout(2_400)  # a stack, and the year on cores that others use too
def test_the_whole_year_is_told_with_every_flight_and_twenty_thousand_predictions(
    newcomer: object, surroundings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("year")
    tell(folder, surroundings, "flights", "year", seconds=1_800)
    report = json.loads((folder / "demo-report.json").read_text())
    steps = report["steps"]
    print("seconds of each step:", {step["step"]: step["seconds"] for step in steps}, "in all:", report["seconds"])
    assert report["extent"] == "year"
    assert [step["step"] for step in steps] == [str(number) for number in range(11)]
    assert steps[8]["flights_on_the_topic"] == steps[8]["different_flights"] == 336_776
    assert sum(steps[2]["rows"].values()) + steps[8]["rows"] > 600_000
    assert steps[6]["predictions"] >= 20_000
    assert steps[6]["vectors_recomputed_and_equal"] == 100
    assert len(steps[4]["trials"]) == 8
    assert steps[7]["late_share"] >= 0.2
    assert sum(count for _, count, _, _ in steps[7]["windows"]) == steps[6]["predictions"] + 1
    assert steps[7]["windows_revised"] == 22
    assert steps[7]["distributions_compared"] == 14 * len(steps[7]["windows"])
    assert all(steps[10][name]["equal"] for name in ("catalogue", "lineage"))
