"""Chapter 1: groups of every kind, and rows that are not as expected."""

from dataclasses import dataclass
from pathlib import Path

import headrace
from delays.tables import Tables, keep_planes
from flights.story import Chapter, Story
from headrace import ExternalFeatureGroup, FeatureGroup, Invalid, Project, udf


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The feature groups of the story."""

    weather: FeatureGroup
    flights: FeatureGroup
    landings: FeatureGroup
    turns: FeatureGroup
    delays: FeatureGroup
    planes: ExternalFeatureGroup


@udf(float)
def wind_chill(temp: float | None, wind_speed: float | None) -> float | None:
    """What the air feels like, in Fahrenheit, by the formula of the National Weather Service."""
    if temp is None or wind_speed is None or temp > 50 or wind_speed <= 3:
        return temp
    return 35.74 + 0.6215 * temp + (0.4275 * temp - 35.75) * float(wind_speed**0.16)


def play(story: Story, chapter: Chapter, project: Project, tables: Tables, folder: Path) -> Groups:
    """Make and fill them all; `delays` fills itself, `planes` stays where it is."""
    store = project.get_feature_store()
    weather = store.create_feature_group(
        "weather",
        primary_key=["origin"],
        event_time="time_hour",
        features=tables.weather,
        transformation_functions=[wind_chill],
    )
    flights = store.create_feature_group(
        "flights", primary_key=["flight_id"], event_time="scheduled", features=tables.departures
    )
    landings = store.create_feature_group(
        "landings",
        description="What came of a flight, at the time it landed",
        primary_key=["flight_id"],
        event_time="landed",
        features=tables.landings.drop("scheduled"),
    )
    turns = store.create_feature_group(
        "turns",
        description="How late a plane came in, by its scheduled departure; known when it landed",
        primary_key=["tailnum"],
        event_time="scheduled",
        features=tables.landings.select("tailnum", "scheduled", "arr_delay"),
    )
    delays = store.create_streaming_feature_group(
        "delays",
        description="How late flights from an airport landed of late",
        source=landings,
        keys=["origin"],
        aggregations=[headrace.mean("arr_delay", over="1h"), headrace.mean("arr_delay", over="24h")],
        slide="1h",
    )
    known = keep_planes(folder / "planes.db")
    planes = store.create_external_feature_group(
        "planes",
        storage_connector=project.create_storage_connector("fleet", f"sqlite:///{folder / 'planes.db'}"),
        query="SELECT tailnum, built || '-01-01' AS since, manufacturer, seats FROM planes",
        primary_key=["tailnum"],
        event_time="since",
        features={"tailnum": "string", "since": "timestamp", "manufacturer": "string", "seats": "int"},
    )
    receipts = [
        weather.insert(tables.weather.to_arrow(), show_progress=False),
        flights.insert(tables.departures, show_progress=False),
        landings.insert(tables.landings.drop("scheduled").sort("landed"), show_progress=False),
        turns.insert(
            tables.landings.select("tailnum", "scheduled", "arr_delay", "landed"),
            known_at="landed",
            show_progress=False,
        ),
    ]
    for receipt in receipts:
        receipt.wait(timeout=180)
    rows = sum(receipt.accepted for receipt in receipts)
    story.say(
        f"{rows:,} rows are online and offline; {known:,} planes stay in SQLite, and are read when they are needed"
    )
    unexpected = _expect(weather, dict(tables.weather.row(0, named=True), humid=900.0))
    story.say(f"refused, for it is not as expected: [yellow]{unexpected}[/]")
    chapter.figures = {"rows": rows, "planes": known, "not_as_expected": unexpected}
    chapter.result = f"4 groups with {rows:,} rows, one that fills itself, one in another database"
    return Groups(weather=weather, flights=flights, landings=landings, turns=turns, delays=delays, planes=planes)


def _expect(weather: FeatureGroup, odd: dict[str, object]) -> str:
    """Let the rows so far say what to expect of others, and insert one that is not so; what does not hold."""
    weather.save_expectation_suite(weather.suggest_expectations(), validation_ingestion_policy="STRICT")
    try:
        weather.insert([odd], show_progress=False)
    except Invalid as refusal:
        return str(refusal)
    raise AssertionError("a humidity of 900 % was taken")
