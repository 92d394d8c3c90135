"""Step 6: July as it happened, hour by hour: rows, predictions, and what became of the flights."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from flights.data import ARRIVAL_COLUMNS, between
from flights.features import HALF, Groups
from flights.logged import count, predictions
from flights.stage import Stage
from flights.story import Chapter
from headrace import Deployment

MOST_ROWS = 64
HELD_SHARE, REVERSED_SHARE, TWICE_SHARE = 0.25, 0.06, 0.015

Outcome = tuple[str, float, datetime]


@dataclass(slots=True)
class July:
    """What is predicted and what is still to become known."""

    stage: Stage
    groups: Groups
    predicting: Deployment
    owner: Deployment
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - which outcomes come late
    ids: dict[str, str] = field(default_factory=dict)
    held: list[Outcome] = field(default_factory=list)
    sent: int = 0

    def hour(self, now: datetime, flights: pl.DataFrame, weather: pl.DataFrame, landed: pl.DataFrame) -> None:
        """One hour: its weather and flights become known, the flights are predicted, others have landed."""
        receipts = [
            group.insert(frame, show_progress=False)
            for group, frame in ((self.groups.weather, weather), (self.groups.flights, flights))
            if frame.height
        ]
        for receipt in receipts:
            receipt.wait(offline=False)
        for start in range(0, flights.height, MOST_ROWS):
            self._predict(flights.slice(start, MOST_ROWS))
        if landed.height:
            self.groups.arrivals.insert(landed.select(*ARRIVAL_COLUMNS), show_progress=False)
            self._outcomes(landed)

    def _predict(self, flights: pl.DataFrame) -> None:
        answer = self.predicting.predict(
            inputs=[{"flight_id": flight} for flight in flights["flight_id"]],
            event_time=flights["scheduled"].to_list(),
            allow_missing=True,
        )
        if any(answer.get("errors") or ()):
            raise AssertionError(f"not every flight could be predicted: {answer['errors']}")
        self.ids.update(zip(flights["flight_id"], answer["ids"], strict=True))

    def _outcomes(self, landed: pl.DataFrame) -> None:
        now: list[Outcome] = []
        for flight, late, known in landed.select("flight_id", "late", "known").iter_rows():
            outcome = (self.ids[flight], float(late), known)
            (self.held if self.chance.random() < HELD_SHARE else now).append(outcome)
        self.send(now)

    def send(self, outcomes: list[Outcome]) -> None:
        """Send what became known: some in reversed order, some twice."""
        in_reverse = [one for one in outcomes if self.chance.random() < REVERSED_SHARE]
        turned = set(in_reverse)
        repeated = [one for one in outcomes if self.chance.random() < TWICE_SHARE]
        ordered = [one for one in outcomes if one not in turned]
        self.owner.log_outcomes([*ordered, *reversed(in_reverse), *repeated])
        self.sent += len(outcomes)


def play(stage: Stage, chapter: Chapter, groups: Groups, predicting: Deployment) -> July:
    """Live through July as far as the story goes. A quarter of the outcomes are held back for later."""
    end = stage.extent.until
    owner = stage.cast.owner.get_model_serving().get_deployment(predicting.name)
    july = July(stage, groups, predicting, owner)
    flights = _by_hour(between(stage.year.flights, "scheduled", HALF, end), "scheduled")
    weather = _by_hour(between(stage.year.weather, "time_hour", HALF, end), "time_hour")
    arrivals = between(stage.year.arrivals, "scheduled", HALF, end)
    landed = _by_hour(arrivals, "known")
    now, nothing = HALF, stage.year.weather.clear()
    last = arrivals["known"].max()
    if not isinstance(last, datetime):
        raise TypeError("no flight of July has landed")
    while now <= last:
        july.hour(
            now,
            flights.get(now, stage.year.flights.clear()),
            weather.get(now, nothing),
            landed.get(now - timedelta(hours=1), stage.year.arrivals.clear()),
        )
        now += timedelta(hours=1)
        if now.hour == 0:
            stage.story.say(f"{now:%d %B}: {len(july.ids):,} flights predicted, {july.sent:,} outcomes known")
    july.hour(now, stage.year.flights.clear(), nothing, landed.get(now - timedelta(hours=1), arrivals.clear()))
    ours = set(july.ids.values())
    logged = [one for one in predictions(stage) if one in ours]
    if len(logged) != len(july.ids):
        raise AssertionError(f"{len(july.ids)} flights were predicted, {len(logged)} predictions are on the log")
    if len(logged) < stage.extent.predictions:
        raise AssertionError(f"{len(logged)} flights were predicted, not {stage.extent.predictions} or more")
    records, known = count(stage, f"{stage.cast.name}.outcomes")
    chapter.figures = {
        "predictions": len(logged),
        "outcome_records": records,
        "outcomes_known": known,
        "without_outcome_so_far": len(logged) - known,
    }
    chapter.result = f"{len(logged):,} flights predicted, one event each; {known:,} outcomes came so far"
    return july


def _by_hour(frame: pl.DataFrame, column: str) -> dict[datetime, pl.DataFrame]:
    hours = frame.with_columns(pl.col(column).dt.truncate("1h").alias("_hour"))
    parts = hours.partition_by("_hour", as_dict=True, maintain_order=True, include_key=False)
    return {hour: part for (hour,), part in parts.items() if isinstance(hour, datetime)}
