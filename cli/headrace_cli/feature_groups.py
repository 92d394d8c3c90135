"""`headrace feature-group`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from headrace import FeatureGroup, FeatureStatistics
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, must_repeat, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Feature groups of projects.")
InProject = Annotated[str, typer.Option("--project", help="the project")]
Version = Annotated[int, typer.Option("--version", help="which version")]


def _group(name: str, version: int, project: str, user: str | None) -> FeatureGroup:
    return signed_in(user).get_project(project).get_feature_store().get_feature_group(name, version)


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a project's feature groups, all versions of them."""
    groups = signed_in(user).get_project(project).get_feature_store().get_feature_groups()
    rows = [
        {
            "name": group.name,
            "version": group.version,
            "features": len(group.features),
            "primary_key": ", ".join(group.primary_key),
            "event_time": group.event_time,
            "description": group.description,
        }
        for group in groups
    ]
    tell_rows(as_json, rows, ("name", "version", "features", "primary_key", "event_time", "description"))


@app.command("delete")
@told
def delete(
    name: str,
    version: Version,
    project: InProject,
    *,
    confirm: Annotated[str, typer.Option(prompt="Repeat the name to delete it for ever", help="the name again")],
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Delete a version with its topic and all its rows; name and version are never used again."""
    must_repeat(name, confirm, "deleted", "group")
    _group(name, version, project, user).delete()
    told_of = {"feature_group": name, "version": version, "phase": "deleted"}
    tell(as_json, told_of, f"feature group {name} version {version} is deleted")


@app.command("clear")
@told
def clear(
    name: str,
    version: Version,
    project: InProject,
    *,
    confirm: Annotated[str, typer.Option(prompt="Repeat the name to let go of its rows", help="the name again")],
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Let go of all rows of a version that are in the log now, and keep the version."""
    must_repeat(name, confirm, "cleared", "group")
    _group(name, version, project, user).clear()
    told_of = {"feature_group": name, "version": version, "phase": "cleared"}
    tell(as_json, told_of, f"feature group {name} version {version} is cleared")


@app.command("usage")
@told
def usage(name: str, version: Version, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show which views, models, deployments and other projects use each feature of a version."""
    uses = _group(name, version, project, user).usage()
    if as_json:
        tell(as_json, [asdict(use) for use in uses], "")
        return
    rows = [
        {
            "feature": use.feature,
            "views": ", ".join(f"{view.name} {view.version} ({view.role})" for view in use.views) or "-",
            "models": ", ".join(f"{model} {number}" for model, number in use.models),
            "deployments": ", ".join(use.deployments),
            "projects": ", ".join(use.projects),
        }
        for use in uses
    ]
    tell_rows(as_json, rows, ("feature", "views", "models", "deployments", "projects"))


@app.command("statistics")
@told
def statistics(
    name: str,
    version: Version,
    project: InProject,
    *,
    feature: Annotated[list[str] | None, typer.Option("--feature", help="this one only; may be repeated")] = None,
    since: Annotated[str | None, typer.Option("--since", help="commits after this time (ISO 8601)")] = None,
    until: Annotated[str | None, typer.Option("--until", help="commits up to this time")] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show what was counted of the rows of a version: all of them, or those of the commits between two times."""
    found = _group(name, version, project, user).get_statistics_by_commit_window(since, until, feature)
    if as_json:
        tell(as_json, asdict(found), "")
        return
    tell(as_json, {}, f"{found.rows} rows, {found.deletes} deletes")
    rows = [_as_row(one) for one in found.features.values()]
    tell_rows(as_json, rows, ("feature", "nulls", "distinct", "min", "median", "max", "mean", "std"))


def _as_row(of: FeatureStatistics) -> dict[str, Any]:
    measured = {"min": of.min, "median": of.quantiles.get(0.5), "max": of.max, "mean": of.mean, "std": of.std}
    shown = {name: f"{value:.6g}" if isinstance(value, float) else value for name, value in measured.items()}
    return {"feature": of.name, "nulls": of.nulls, "distinct": of.distinct, **shown}


@app.command("unused")
@told
def unused(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show the features of a project that nobody uses."""
    found = signed_in(user).get_project(project).get_feature_store().unused_features()
    rows = [asdict(one) for one in found]
    if not as_json:
        rows = [{**row, "features": ", ".join(row["features"])} for row in rows]
    tell_rows(as_json, rows, ("name", "version", "features"))
