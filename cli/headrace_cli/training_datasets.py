"""`headrace training-dataset`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from headrace import TrainingDataset
from headrace_cli.feature_group_options import InProject
from headrace_cli.feature_views import view_of
from headrace_cli.telling import ActAs, AsJson, as_text, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Training datasets of feature views.")
OfView = Annotated[str, typer.Option("--view", help="the feature view")]
ViewVersion = Annotated[int | None, typer.Option("--view-version", help="its version; without it, the newest")]
Number = Annotated[int, typer.Argument(metavar="DATASET", help="which of the view's training datasets")]
Time = Annotated[str | None, typer.Option(help="an event time (ISO 8601, UTC without a zone)")]


@app.command("list")
@told
def list_(
    view: OfView, project: InProject, view_version: ViewVersion = None, user: ActAs = None, as_json: AsJson = False
) -> None:
    """Show the training datasets of a view."""
    datasets = view_of(view, view_version, project, user).get_training_datasets()
    rows = [_row(dataset) for dataset in datasets]
    tell_rows(as_json, rows, ("version", "state", "format", "rows", "splits", "hash"))


@app.command("show")
@told
def show(
    dataset: Number,
    view: OfView,
    project: InProject,
    *,
    view_version: ViewVersion = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Show the statistics of a dataset's features, split by split."""
    found = view_of(view, view_version, project, user).get_training_dataset(dataset)
    rows = [
        {"split": split, "feature": name}
        | {column: getattr(of, column) for column in ("count", "nulls", "distinct", "min", "mean", "max", "std")}
        for split, features in found.statistics.items()
        for name, of in features.items()
    ]
    tell_rows(as_json, rows, ("split", "feature", "count", "nulls", "distinct", "min", "mean", "max", "std"))


@app.command("create")
@told
def create(
    view: OfView,
    project: InProject,
    *,
    view_version: ViewVersion = None,
    start: Time = None,
    end: Time = None,
    test_start: Annotated[str | None, typer.Option(help="from this event time on, examples are the test split")] = None,
    test_size: Annotated[float | None, typer.Option(help="the share of a test split taken at random")] = None,
    seed: Annotated[int | None, typer.Option(help="the seed of that")] = None,
    data_format: Annotated[
        Literal["parquet", "csv", "tsv", "tfrecord", "npy", "hdf5", "petastorm"],
        typer.Option("--format", help="of its files"),
    ] = "parquet",
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a training dataset, and wait until its files are there."""
    of = view_of(view, view_version, project, user)
    if test_size is not None:
        _, made = of.create_train_test_split(
            test_size, train_start=start, train_end=end, seed=seed, data_format=data_format
        )
    elif test_start is not None:
        _, made = of.create_train_test_split(
            train_start=start, test_start=test_start, test_end=end, data_format=data_format
        )
    else:
        _, made = of.create_training_data(start, end, data_format=data_format)
    row = _row(made)
    tell(as_json, row, f"training dataset {made.version}: {row['rows']:,} rows ({row['splits']}), hash {row['hash']}")


@app.command("export")
@told
def export(
    dataset: Number,
    location: Annotated[str, typer.Argument(help="a folder, or a URL that fsspec reaches")],
    view: OfView,
    project: InProject,
    *,
    view_version: ViewVersion = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Write the files of a dataset somewhere else, each checked against its hash."""
    written = view_of(view, view_version, project, user).get_training_dataset(dataset).export(location)
    tell(as_json, {"files": written}, "\n".join(written))


@app.command("recreate")
@told
def recreate(
    dataset: Number,
    view: OfView,
    project: InProject,
    *,
    view_version: ViewVersion = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Make a dataset once more from the same positions of the log; exit status 1 if it is not the same."""
    of = view_of(view, view_version, project, user)
    before = of.get_training_dataset(dataset)
    made = of.recreate_training_dataset(dataset)
    differences = made.differs_from(before)
    told_of = {"version": made.version, "hash": made.manifest.hash, "differences": differences}
    tell(
        as_json, told_of, "\n".join(differences) or f"training dataset {made.version} is the same: {made.manifest.hash}"
    )
    raise typer.Exit(1 if differences else 0)


@app.command("purge")
@told
def purge(
    dataset: Number,
    view: OfView,
    project: InProject,
    *,
    view_version: ViewVersion = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Remove the files of a dataset; what it was made of stays, so that it can be made again."""
    view_of(view, view_version, project, user).purge_training_data(dataset)
    tell(as_json, {"version": dataset, "state": "purged"}, f"the files of training dataset {dataset} are purged")


@app.command("delete")
@told
def delete(
    dataset: Number,
    view: OfView,
    project: InProject,
    *,
    view_version: ViewVersion = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Delete a dataset with its files."""
    view_of(view, view_version, project, user).delete_training_dataset(dataset)
    tell(as_json, {"version": dataset, "state": "deleted"}, f"training dataset {dataset} is deleted")


def _row(dataset: TrainingDataset) -> dict[str, Any]:
    row: dict[str, Any] = {
        "version": dataset.version,
        "state": dataset.state,
        "splits": as_text([split.name for split in dataset.splits]),
        "format": None,
        "rows": None,
        "hash": None,
    }
    if dataset.state in {"recorded", "purged"}:
        manifest = dataset.manifest
        rows = sum(file.rows for file in manifest.files)
        row |= {"format": manifest.format, "rows": rows, "hash": manifest.hash}
    return row
