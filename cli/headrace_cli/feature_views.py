"""`headrace feature-view`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from headrace import FeatureView
from headrace_cli import annotating
from headrace_cli.feature_group_options import InProject, NewestVersion, Version
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, as_text, must_repeat, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Feature views of projects: what models are trained on and served with.")


def view_of(name: str, version: int | None, project: str, user: str | None) -> FeatureView:
    """The version, as that user sees it; raises HeadraceError."""
    return signed_in(user).get_project(project).get_feature_store().get_feature_view(name, version)


annotating.add_to(app, view_of)


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a project's feature views, all versions of them."""
    rows = [
        {
            "name": view.name,
            "version": view.version,
            "features": len(view.features),
            "labels": as_text(view.labels),
            "key": as_text(view.primary_keys),
            "description": view.description,
        }
        for view in signed_in(user).get_project(project).get_feature_store().get_feature_views()
    ]
    tell_rows(as_json, rows, ("name", "version", "features", "labels", "key", "description"))


@app.command("show")
@told
def show(
    name: str, project: InProject, *, version: NewestVersion = None, user: ActAs = None, as_json: AsJson = False
) -> None:
    """Show the columns of a version, and what each is for."""
    view = view_of(name, version, project, user)
    uses = {
        **dict.fromkeys(view.labels, "label"),
        **dict.fromkeys(view.inference_helper_columns, "inference helper"),
        **dict.fromkeys(view.training_helper_columns, "training helper"),
    }
    rows = [asdict(column) | {"use": uses.get(column.name, "feature")} for column in view.schema]
    if as_json:
        tell(as_json, {"name": view.name, "version": view.version, "key": view.primary_keys, "columns": rows}, "")
        return
    tell(as_json, {}, f"{view.name} version {view.version}, asked by {as_text(view.primary_keys)}")
    tell_rows(as_json, rows, ("name", "type", "use", "description"))


@app.command("vector")
@told
def vector(
    name: str,
    key: Annotated[list[str], typer.Argument(help="the key, a name=value for each of its columns")],
    project: InProject,
    *,
    version: NewestVersion = None,
    request: Annotated[
        list[str] | None,
        typer.Option(
            "--request", help="a request parameter, as name=value: on-demand features are computed; repeat it"
        ),
    ] = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show the feature vector of one entity, each feature with its status; exit status 1 where any has no value now.

    Without request parameters no function is run, and on-demand features are left out.
    """
    from headrace_cli.frames import key_of  # noqa: PLC0415 - Arrow takes a while to load

    view = view_of(name, version, project, user)
    values, status = view.get_feature_vector(
        key_of(key, view.root_columns),
        return_type="dict",
        allow_missing=True,
        return_status=True,
        on_demand_features=bool(request),
        request_parameters=key_of(request, view.request_parameter_types) if request else None,
    )
    rows = [
        {"feature": feature, "value": values.get(feature), "status": said} for feature, said in status.features.items()
    ]
    tell_rows(as_json, rows, ("feature", "value", "status"))
    raise typer.Exit(0 if status.status == "complete" else 1)


@app.command("precompute")
@told
def precompute(
    name: str,
    project: InProject,
    *,
    version: NewestVersion = None,
    stop: Annotated[bool, typer.Option("--stop", help="keep them ready no more")] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Keep the vectors of a version ready, written with the rows and not made when asked for; returns when they are."""
    view = view_of(name, version, project, user)
    if stop:
        view.stop_precomputing()
    else:
        view.precompute()
    said = "made when they are asked for" if stop else "kept ready"
    told_of = {"feature_view": name, "version": view.version, "precomputed": not stop}
    tell(as_json, told_of, f"vectors of feature view {name} version {view.version} are {said}")


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
    """Delete a version of a view; name and version are never used again."""
    must_repeat(name, confirm, "deleted", "view")
    view_of(name, version, project, user).delete()
    told_of = {"feature_view": name, "version": version, "phase": "deleted"}
    tell(as_json, told_of, f"feature view {name} version {version} is deleted")
