"""The story of the feature store, on a stack where somebody has been before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

import pytest
from tests.e2e.conftest import tell

pytestmark = pytest.mark.timeout(1200)  # alone it starts a stack


@pytest.mark.long
def test_each_part_of_the_feature_store_does_on_real_flights_what_it_says(
    newcomer: subprocess.CompletedProcess[str],
    surroundings: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assert newcomer.returncode == 0, newcomer.stderr
    folder = tmp_path_factory.mktemp("delays")
    tell(folder, surroundings, "delays")
    steps = {step["step"]: step for step in json.loads((folder / "delays-report.json").read_text())["steps"]}
    assert list(steps) == [str(number) for number in range(9)]
    assert steps["2"]["compared_with_polars"] > 8_000
    assert steps["3"]["correlation"]["known"] < 0.5 < steps["3"]["correlation"]["said"]
    assert steps["4"]["keys_equal"] > 49_000
    assert set(steps["5"]["psi"]) == {"wind_speed", "visib", "arr_delay_mean_24h"}
    assert steps["6"]["changes"] == {"update": 10, "delete": 1}
    assert steps["7"]["examples"] > 20_000
