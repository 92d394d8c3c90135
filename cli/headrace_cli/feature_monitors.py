"""`headrace feature-monitor`: feature monitors, their runs, and the difference over time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from headrace import FeatureMonitor, FeatureMonitoringResult
from headrace_cli.feature_group_options import InProject, NewestVersion, group_of
from headrace_cli.feature_views import view_of
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, as_text, must_repeat, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Feature monitors of projects: windows of features, compared.")
Limit = Annotated[int, typer.Option("--limit", min=1, max=1_000, help="how many of the last runs")]


def _monitor(name: str, project: str, user: str | None) -> FeatureMonitor:
    return signed_in(user).get_project(project).get_feature_store().get_feature_monitor(name)


@app.command("create")
@told
def create(
    name: str,
    project: InProject,
    *,
    group: Annotated[str | None, typer.Option("--feature-group", help="what it watches")] = None,
    view: Annotated[str | None, typer.Option("--feature-view", help="or this")] = None,
    version: NewestVersion = None,
    metric: Annotated[str, typer.Option("--metric", help="a distance, as in PSI, or a scalar, as in mean")] = "PSI",
    threshold: Annotated[float | None, typer.Option("--threshold", help="0.2 of PSI; all others need one")] = None,
    features: Annotated[list[str] | None, typer.Option("--feature", help="one of them; repeat it; else all")] = None,
    offset: Annotated[
        str | None, typer.Option("--offset", help="how long before a run its window begins, as 1d")
    ] = None,
    length: Annotated[str | None, typer.Option("--length", help="how long its window is; else up to the run")] = None,
    reference_offset: Annotated[
        str | None, typer.Option("--reference-offset", help="the same of the reference")
    ] = None,
    reference_length: Annotated[str | None, typer.Option("--reference-length")] = None,
    training_dataset: Annotated[int | None, typer.Option("--training-dataset", help="the reference of a view")] = None,
    specific_value: Annotated[float | None, typer.Option("--value", help="what a scalar is compared with")] = None,
    cron: Annotated[str | None, typer.Option("--cron", help="when it runs, in UTC; else when asked")] = None,
    description: Annotated[str, typer.Option("--description")] = "",
    exact: Annotated[bool, typer.Option("--exact", help="read rows, never sketches")] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a monitor; its reference is all rows unless something else is said."""
    if (group is None) == (view is None):
        refuse("a monitor watches one thing", "Name it with --feature-group or with --feature-view.")
    watched = view_of(view, version, project, user) if view else group_of(group or "", version, project, user)
    new = watched.create_feature_monitoring(name, description, cron_expression=cron, exact=exact)
    new.with_detection_window(offset, length)
    if training_dataset is not None:
        new.with_reference_training_dataset(training_dataset)
    else:
        new.with_reference_window(reference_offset, reference_length)
    if metric.isupper():
        new.compare_on_distribution(metric, threshold, features)
    elif threshold is None:
        refuse(f"{metric} needs a threshold", "Say how far it may be from the reference, with --threshold.")
    else:
        new.compare_on(metric, threshold, features, specific_value=specific_value)
    monitor = new.save()
    tell(as_json, _row(monitor), f"{name} watches {as_text(list(monitor.feature_names))} of {monitor.watched}")


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a project's feature monitors."""
    monitors = signed_in(user).get_project(project).get_feature_store().get_feature_monitors()
    tell_rows(
        as_json,
        [_row(one) for one in monitors],
        ("name", "watched", "features", "metric", "threshold", "schedule", "enabled", "alert"),
    )


@app.command("show")
@told
def show(
    name: str,
    project: InProject,
    *,
    feature: Annotated[str | None, typer.Option("--feature", help="of which the plot is; else the first")] = None,
    limit: Limit = 20,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show the last runs of a monitor, and how far a feature was from its reference over time."""
    monitor = _monitor(name, project, user)
    runs = monitor.get_history(limit=limit)
    tell_rows(
        as_json,
        [_run(one) for one in runs],
        ("run", "time", "shift", "shifted", "largest", "detection_rows", "reference_rows", "source", "reason"),
    )
    if not as_json:
        tell(as_json, None, "\n" + monitor.plot(feature))


@app.command("run")
@told
def run(name: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Run a monitor now, and show what came of it, feature by feature."""
    found = _monitor(name, project, user).run_once()
    rows = [
        {"shifted": one.feature in found.shifted_feature_names, **asdict(one)}
        for one in sorted(found.features.values(), key=lambda one: -(one.difference or 0))
    ]
    if as_json:
        tell(as_json, {**_run(found), "features": rows}, "")
        return
    tell_rows(as_json, rows, ("feature", "shifted", "difference", "detection", "reference", "chance", "reason"))
    tell(as_json, None, f"run {found.number}: {_said(found)}")


@app.command("enable")
@told
def enable(name: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let its schedule run a monitor."""
    monitor = _monitor(name, project, user).enable()
    tell(as_json, _row(monitor), f"{name} runs at {monitor.cron_expression or 'no time of its own'}")


@app.command("disable")
@told
def disable(name: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Let its schedule run a monitor no more."""
    monitor = _monitor(name, project, user).disable()
    tell(as_json, _row(monitor), f"{name} runs only when it is asked to")


@app.command("delete")
@told
def delete(
    name: str,
    project: InProject,
    confirm: Annotated[str, typer.Option("--confirm", help="the monitor's name once more")],
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Delete a monitor with its runs; its name is never used again."""
    must_repeat(name, confirm, "deleted", "monitor")
    _monitor(name, project, user).delete()
    tell(as_json, {"monitor": name, "state": "deleted"}, f"{name} is deleted")


def _row(monitor: FeatureMonitor) -> dict[str, Any]:
    return {
        "name": monitor.name,
        "watched": monitor.watched,
        "features": as_text(list(monitor.feature_names)),
        "metric": monitor.metric,
        "threshold": monitor.threshold,
        "schedule": monitor.cron_expression,
        "enabled": monitor.enabled,
        "alert": "open" if monitor.alert_open else None,
    }


def _run(result: FeatureMonitoringResult) -> dict[str, Any]:
    differences = [one.difference for one in result.features.values() if one.difference is not None]
    reasons = {one.reason for one in result.features.values() if one.reason is not None}
    return {
        "run": result.number,
        "time": result.monitoring_time.isoformat(timespec="seconds"),
        "shift": result.shift_detected,
        "shifted": as_text(list(result.shifted_feature_names)),
        "largest": max(differences, default=None),
        "detection_rows": result.detection and result.detection.rows,
        "reference_rows": result.reference and result.reference.rows,
        "source": result.detection and result.detection.source,
        "reason": result.raised_exception or "; ".join(sorted(reasons)) or None,
    }


def _said(result: FeatureMonitoringResult) -> str:
    if result.shift_detected:
        return f"{as_text(list(result.shifted_feature_names))} shifted"
    empty = [name for name in ("detection", "reference") if getattr(result, f"empty_{name}_window")]
    said = f"the {' and the '.join(empty)} window is empty" if empty else "no shift"
    return result.raised_exception or said
