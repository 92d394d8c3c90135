"""`headrace feature-group`."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from headrace import Feature, FeatureStatistics, StatisticsConfig, Transformation
from headrace_cli import annotating, feature_rows
from headrace_cli.feature_group_options import InProject, NewestVersion, Version, group_of
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, as_text, must_repeat, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Feature groups of projects.")
app.command("insert")(feature_rows.insert)
app.command("insert-stream")(feature_rows.insert_stream)
app.command("read")(feature_rows.read)
app.command("changes")(feature_rows.changes)
app.command("commits")(feature_rows.commits)
app.command("vector")(feature_rows.vector)
annotating.add_to(app, group_of)


@app.command("create")
@told
def create(
    name: str,
    project: InProject,
    *,
    features: Annotated[list[str] | None, typer.Option("--feature", help="a column, as name=type; repeat it")] = None,
    like: Annotated[Path | None, typer.Option("--like", help="a file whose columns they are")] = None,
    primary_key: Annotated[list[str], typer.Option("--primary-key", help="a column of the key; repeat it")],
    event_time: Annotated[str | None, typer.Option("--event-time", help="the column of that time")] = None,
    description: Annotated[str, typer.Option("--description")] = "",
    online: Annotated[bool, typer.Option(help="kept for reading by key")] = True,
    offline: Annotated[bool, typer.Option(help="kept with all history")] = True,
    ttl: Annotated[float | None, typer.Option("--ttl", help="seconds after its event time that a value counts")] = None,
    partitions: Annotated[int, typer.Option("--partitions", help="of its topic")] = 1,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a feature group, or the next version of it."""
    store = signed_in(user).get_project(project).get_feature_store()
    group = store.create_feature_group(
        name,
        description=description,
        primary_key=primary_key,
        event_time=event_time,
        features=_columns(features, like),
        online_enabled=online,
        offline_enabled=offline,
        ttl=ttl,
        partitions=partitions,
    )
    told_of = {"feature_group": name, "version": group.version, "topic": group.topic}
    tell(as_json, told_of, f"feature group {name} version {group.version}: insert rows, or produce to {group.topic}")


@app.command("create-streaming")
@told
def create_streaming(
    name: str,
    file: Annotated[Path, typer.Argument(help="a file with the query in SQL, over HOP or TUMBLE")],
    project: InProject,
    *,
    description: Annotated[str, typer.Option("--description")] = "",
    allowed_lateness: Annotated[
        str | None, typer.Option("--allowed-lateness", help="how late rows may be, as 2h or 7d; else 30 days")
    ] = None,
    online: Annotated[bool, typer.Option(help="kept for reading by key")] = True,
    offline: Annotated[bool, typer.Option(help="kept with all history")] = True,
    partitions: Annotated[int, typer.Option("--partitions", help="of its topic")] = 1,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a feature group whose rows the platform computes from another's, or the next version of it."""
    try:
        sql = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{file} cannot be read: {error}", "Give a file with the query.")
    group = (
        signed_in(user)
        .get_project(project)
        .get_feature_store()
        .create_streaming_feature_group(
            name,
            sql=sql,
            description=description,
            allowed_lateness=allowed_lateness,
            online_enabled=online,
            offline_enabled=offline,
            partitions=partitions,
        )
    )
    told_of = {"feature_group": name, "version": group.version, "streaming": group.streaming}
    columns = ", ".join(feature.name for feature in group.features)
    tell(as_json, told_of, f"feature group {name} version {group.version} is computed: {columns}")


def _columns(features: list[str] | None, like: Path | None) -> Any:
    from headrace_cli.frames import pairs, read_file  # noqa: PLC0415 - Arrow takes a while to load

    if (features is None) == (like is None):
        refuse("a feature group has columns", "Name each as --feature name=type, or give a file with --like.")
    return read_file(like, ()) if like is not None else pairs(features or ())


@app.command("show")
@told
def show(
    name: str, project: InProject, *, version: NewestVersion = None, user: ActAs = None, as_json: AsJson = False
) -> None:
    """Show what a version is: its columns, what is said of it, and how far its stores are."""
    group = group_of(name, version, project, user)
    progress = group.progress()
    told_of = {
        "name": group.name,
        "version": group.version,
        "description": group.description,
        "primary_key": group.primary_key,
        "event_time": group.event_time,
        "topic": group.topic,
        "deprecated": group.deprecated,
        "keywords": group.get_keywords(),
        "tags": group.get_tags(),
        "features": [asdict(feature) for feature in group.features],
        "on_demand": [_computed(one) for one in group.transformation_functions],
        "request_parameters": [one.name for one in group.request_parameters],
        "progress": progress,
    }
    if as_json:
        tell(as_json, told_of, "")
        return
    for said in ("description", "primary_key", "event_time", "topic", "deprecated", "keywords", "tags"):
        if told_of[said]:
            tell(as_json, {}, f"{said.replace('_', ' ')}: {as_text(told_of[said])}")
    for one in group.transformation_functions:
        call = f"{one.function.name}({', '.join(one.columns)})"
        tell(as_json, {}, f"on demand: {', '.join(one.outputs)} = {call}, version {one.function.version or 'built in'}")
    if told_of["request_parameters"]:
        tell(as_json, {}, f"request parameters: {as_text(told_of['request_parameters'])}")
    tell_rows(as_json, [asdict(feature) for feature in group.features], ("name", "type", "description"))


def _computed(one: Transformation) -> dict[str, Any]:
    """A function whose outputs are features, and what it is applied to."""
    return {
        "function": one.function.name,
        "version": one.function.version,
        "columns": one.columns,
        "outputs": one.outputs,
    }


@app.command("append-feature")
@told
def append_feature(
    name: str,
    feature: Annotated[str, typer.Argument(help="the column, as name=type")],
    project: InProject,
    *,
    version: NewestVersion = None,
    description: Annotated[str, typer.Option("--description")] = "",
    default: Annotated[
        str | None, typer.Option("--default", help="what rows have that were written without it; else null")
    ] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Give a version one more feature."""
    from headrace_cli.frames import key_of, pairs  # noqa: PLC0415 - Arrow takes a while to load

    ((column, kind),) = pairs([feature]).items()
    added = Feature(column, kind, description)
    if default is not None:
        added = replace(added, default_value=key_of([f"{column}={default}"], [added])[column])
    group = group_of(name, version, project, user).append_features([added])
    told_of = {"feature_group": name, "version": group.version, "feature": column, "type": kind}
    tell(as_json, told_of, f"feature group {name} version {group.version} has the feature {column}")


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
    group_of(name, version, project, user).delete()
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
    group_of(name, version, project, user).clear()
    told_of = {"feature_group": name, "version": version, "phase": "cleared"}
    tell(as_json, told_of, f"feature group {name} version {version} is cleared")


@app.command("usage")
@told
def usage(name: str, version: Version, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show which views, models, deployments, streaming groups and other projects use each feature of a version."""
    uses = group_of(name, version, project, user).usage()
    if as_json:
        tell(as_json, [asdict(use) for use in uses], "")
        return
    rows = [
        {
            "feature": use.feature,
            "views": ", ".join(f"{view.name} {view.version} ({view.role})" for view in use.views) or "-",
            "models": ", ".join(f"{model} {number}" for model, number in use.models),
            "deployments": ", ".join(use.deployments),
            "streams": ", ".join(f"{stream.name} {stream.version} ({stream.role})" for stream in use.streams),
            "projects": ", ".join(use.projects),
        }
        for use in uses
    ]
    tell_rows(as_json, rows, ("feature", "views", "models", "deployments", "streams", "projects"))


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
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="of the last row of each key that was there at this time, or `now`")
    ] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show what was counted of the rows of a version: all of them, those of some commits, or those of a moment."""
    if as_of is not None and (since or until):
        refuse("a moment is not part of a span", "Give --as-of, or --since and --until.")
    group = group_of(name, version, project, user)
    if as_of is None:
        found = group.get_statistics_by_commit_window(since, until, feature)
    else:
        found = group.compute_statistics(None if as_of == "now" else as_of, feature)
    if as_json:
        tell(as_json, asdict(found), "")
        return
    tell(as_json, {}, f"{found.rows} rows, {found.deletes} deletes")
    rows = [_as_row(one) for one in found.features.values()]
    tell_rows(as_json, rows, ("feature", "nulls", "distinct", "min", "median", "max", "mean", "std"))


@app.command("configure-statistics")
@told
def configure_statistics(
    name: str,
    version: Version,
    project: InProject,
    *,
    enabled: Annotated[bool, typer.Option("--enabled/--disabled", help="count anything at all")] = True,
    histograms: Annotated[bool, typer.Option(help="show histograms")] = True,
    correlations: Annotated[bool, typer.Option(help="count correlations of numeric columns")] = False,
    exact_uniqueness: Annotated[bool, typer.Option(help="count distinct values of a moment one by one")] = False,
    column: Annotated[list[str] | None, typer.Option("--column", help="count this one only; may be repeated")] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Say what statistics are counted of a version from now on, and of the rows that are there already."""
    wish = StatisticsConfig(
        enabled=enabled,
        histograms=histograms,
        correlations=correlations,
        exact_uniqueness=exact_uniqueness,
        columns=column or (),
    )
    config = group_of(name, version, project, user).update_statistics_config(wish)
    counted = ", ".join(config.columns) or "all columns" if config.enabled else "nothing"
    tell(as_json, asdict(config), f"of feature group {name} version {version} {counted} is counted")


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
