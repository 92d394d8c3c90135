"""Chapter 5: February compared with the January that a model would learn from."""

from flights.story import Chapter, Story
from headrace import FeatureView

WATCHED = ["wind_speed", "visib", "arr_delay_mean_24h"]


def play(story: Story, chapter: Chapter, view: FeatureView, version: int) -> None:
    """Watch three features for drift away from the training data; run it once, and read what it found."""
    monitor = (
        view.create_feature_monitoring("winter_drift", "all examples against January", cron_expression="0 6 * * *")
        .with_detection_window()
        .with_reference_training_dataset(version)
        .compare_on_distribution("PSI", threshold=0.02, feature_name=WATCHED)
        .save()
    )
    found = monitor.run_once()
    if found.detection is None or set(found.features) != set(WATCHED):
        raise AssertionError(f"not all was compared: {found}")
    drifts = {name: drift.difference for name, drift in found.features.items()}
    for name, drift in found.features.items():
        story.say(f"{name}: PSI {drift.difference:.3f}, by chance {drift.chance:.3f}")
    again = monitor.run_once()
    if {name: drift.difference for name, drift in again.features.items()} != drifts:
        raise AssertionError(f"of the same rows it says {again}, then {found}")
    chapter.figures = {"psi": drifts, "rows": found.detection.rows, "shifted": list(found.shifted_feature_names)}
    chapter.result = f"{found.detection.rows:,} examples compared; shifted: {', '.join(found.shifted_feature_names)}"
