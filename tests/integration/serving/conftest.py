"""Ray, the study driver and the gateway, started once in a session beside everything that features need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from tests.integration.served import Served
from tests.integration.serving.flights import Flights, train_by_wind

from headrace import HyperparameterOptConfig, Searchspace, experiment

BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
HOURS = 60


@pytest.fixture(scope="session")
def flights(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flights]:
    """A project with flights, weather and a training dataset of both."""
    stack = served.platform.stack.stack
    stack.up(["online", "offline", "training-datasets", "ray", "studies", "gateway"], report=print)
    name = served.new_project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADRACE_HOME", str(tmp_path_factory.mktemp("client")))
        with served.project("ada", name) as owner, served.project("bob", name) as scientist:
            fs = owner.get_feature_store()
            numbers = range(HOURS)
            group = fs.get_or_create_feature_group("flights", primary_key=["flight"], event_time="at")
            group.insert(
                pd.DataFrame(
                    {
                        "flight": [f"f{number:03d}" for number in numbers],
                        "at": [BEGIN + timedelta(hours=number) for number in numbers],
                        "origin": ["JFK" if number % 2 else "LGA" for number in numbers],
                        "distance": [100.0 + number for number in numbers],
                        "late": [number % 4 == 3 for number in numbers],
                    }
                ),
                show_progress=False,
            )
            weather = fs.get_or_create_feature_group("weather", primary_key=["origin"], event_time="at")
            weather.insert(
                pd.DataFrame(
                    {
                        "origin": [origin for _ in numbers for origin in ("JFK", "LGA")],
                        "at": [BEGIN + timedelta(hours=number - 0.5) for number in numbers for _ in range(2)],
                        "wind": [float(number % 4) for number in numbers for _ in range(2)],
                    }
                ),
                show_progress=False,
            )
            query = group.select(["origin", "distance", "late"]).join(weather.select(["wind"]), on=["origin"])
            view = fs.create_feature_view("delays", query, labels=["late"])
            _, dataset = view.create_train_test_split(
                train_start=BEGIN,
                train_end=BEGIN + timedelta(hours=40),
                test_end=BEGIN + timedelta(hours=HOURS),
                show_progress=False,
            )
            yield Flights(served=served, owner=owner, scientist=scientist, view=view, dataset=dataset)


@pytest.fixture(scope="session")
def found(flights: Flights) -> Flights:
    """The same, after a scientist's study has found a model."""
    config = HyperparameterOptConfig(
        num_trials=4,
        searchspace=Searchspace(threshold=("DOUBLE", [0.0, 4.0]), kind=("CATEGORICAL", ["steep", "flat"])),
        optimization_key="accuracy",
        name="late_by_wind",
        dataset=flights.dataset,
        workers=2,
        seed=3,
    )
    flights.result = experiment.lagom(
        train_by_wind, config, project=flights.scientist, show=flights.shown.append, timeout=150
    )
    return flights
