"""Step 2: feature groups up to 30 June, and what becomes of rows that do not fit."""

import time
from dataclasses import dataclass

from flights.cast import Cast
from flights.data import between, day
from flights.logged import length
from flights.stage import Stage
from flights.story import Chapter
from headrace import FeatureGroup, Receipt

HALF = day(7, 1)
HELD_BACK = day(6, 30)
"""Arrivals from here on come late, when training data has been made."""

BAD_ROWS = (
    {"origin": "JFK", "time_hour": day(6, 30), "temp": "warm"},
    {"origin": None, "time_hour": day(6, 30), "temp": 70.0},
    {"origin": "JFK", "time_hour": None, "temp": 70.0},
    {"origin": "JFK", "time_hour": day(6, 30), "temp": 70.0, "snow": 1.0},
    {"origin": "JFK", "time_hour": day(6, 30), "temp": float("inf")},
)
"""A wrong type, a missing key, a missing event time, an unknown column, a number that is none."""

BYTES_AROUND = (b"no framing at all", b"")
"""Bytes that are no rows, which a plain client can send past the SDK."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The three feature groups, as their owner has them."""

    weather: FeatureGroup
    flights: FeatureGroup
    arrivals: FeatureGroup


def play(stage: Stage, chapter: Chapter) -> Groups:
    """Make and fill the groups with everything before July; send rows that do not fit, both ways."""
    story, cast, year, first = stage.story, stage.cast, stage.year, stage.extent.first
    store = cast.owner.get_feature_store()
    frames = {
        "weather": between(year.weather, "time_hour", first, HALF),
        "flights": between(year.flights, "scheduled", first, HALF),
        "arrivals": between(year.arrivals, "scheduled", first, HELD_BACK).drop("known"),
    }
    groups = Groups(
        weather=store.create_feature_group(
            "weather",
            description="Hourly weather at the three airports",
            primary_key=["origin"],
            event_time="time_hour",
            features=frames["weather"],
        ),
        flights=store.create_feature_group(
            "flights",
            description="What is known of a flight at its scheduled departure",
            primary_key=["flight_id"],
            event_time="scheduled",
            features=frames["flights"],
        ),
        arrivals=store.create_feature_group(
            "arrivals",
            description="What is known only after landing; late is more than 15 minutes",
            primary_key=["flight_id"],
            event_time="scheduled",
            features=frames["arrivals"],
        ),
    )
    began = time.monotonic()
    receipts = {name: getattr(groups, name).insert(frame) for name, frame in frames.items()}
    online_after = _wait(receipts, began, online=True)
    story.say(f"all rows visible online after {online_after:.1f} s")
    offline_after = _wait(receipts, began, online=False)
    story.say(f"and offline after {offline_after:.1f} s")
    held = {name: length(cast, getattr(groups, name).topic) for name in receipts}
    if held != {name: receipt.accepted for name, receipt in receipts.items()}:
        raise AssertionError(f"the topics hold {held} records, the receipts say {receipts}")
    rows = sum(held.values())
    refused = groups.weather.insert(list(BAD_ROWS), show_progress=False).refused
    for refusal in refused:
        story.say(f"refused in the receipt: [yellow]{refusal.reason}[/]")
    letters = _send_around(cast, groups.weather)
    story.say(f"{letters} records sent around the SDK are dead letters of {cast.name}, with the reason")
    chapter.figures = {
        "rows": held,
        "visible_online_seconds": round(online_after, 2),
        "visible_offline_seconds": round(offline_after, 2),
        "rows_per_second_online": round(rows / online_after),
        "refused": [refusal.reason for refusal in refused],
        "dead_letters": letters,
    }
    chapter.result = (
        f"{rows:,} rows in 3 groups, {rows / online_after:,.0f} rows/s to visible online; "
        f"{len(refused)} refused, {letters} dead letters"
    )
    return groups


def _wait(receipts: dict[str, Receipt], began: float, *, online: bool) -> float:
    for receipt in receipts.values():
        receipt.wait(online=online, offline=not online, timeout=180)
    return time.monotonic() - began


def _send_around(cast: Cast, group: FeatureGroup) -> int:
    """Send what is no row, and a row under another key, with the plain client; count the dead letters they become."""
    producer = cast.owner.producer()
    for value in BYTES_AROUND:
        producer.produce(group.topic, key=b"?", value=value)
    producer.send({"origin": "JFK", "time_hour": day(6, 30)}, key=b"not its key", topic=group.topic)
    producer.flush()
    due = len(BYTES_AROUND) + 1
    deadline = time.monotonic() + 60
    while (letters := int(group.progress()["dead_letters"])) < due:
        if time.monotonic() > deadline:
            raise AssertionError(f"{letters} of {due} records became dead letters in 60 s")
        time.sleep(0.1)
    return letters
