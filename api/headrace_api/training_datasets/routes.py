"""Training datasets of a feature view."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.reading import ProjectPath, Reader, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.training_datasets.models import NewTrainingDataset
from headrace_api.versions import Version
from headrace_events.training_dataset import CreateTrainingDataset
from headrace_events.training_files import DeleteTrainingDataset, PurgeTrainingData
from headrace_projections.catalogue.queries import feature_views as queries
from headrace_projections.catalogue.queries import projects
from headrace_projections.catalogue.queries.feature_views import TrainingDatasetRow

router = APIRouter(prefix="/api/projects/{project}", tags=["training datasets"])
_VIEW = "/feature-views/{view}/versions/{view_version}/training-datasets"


@router.post(_VIEW, status_code=202, summary="Create a training dataset")
async def create_training_dataset(
    project: ProjectPath, view: str, view_version: Version, body: NewTrainingDataset, sending: Sending
) -> Accepted:
    """Fix the bounds and ask for the files. Read `status_url` until `phase` is recorded or failed."""
    wish = body.command(CreateTrainingDataset, project=project, view=view, view_version=view_version)
    return await sending.send(wish, f"/api/projects/{project}/training-datasets/requests/{sending.id}")


@router.get("/training-datasets", summary="List training datasets")
async def list_training_datasets(reading: Reading) -> list[TrainingDatasetRow]:
    """All of the project, by view, the newest first."""
    return await queries.training_datasets(reading.context.pool, reading.project)


@router.get("/training-datasets/requests/{command_id}", summary="What became of a request")
async def get_requested_dataset(command_id: str, reading: Reading) -> TrainingDatasetRow:
    """The training dataset that the command with this id asked for."""
    for happened in await projects.caused_by(reading.context.pool, reading.project, command_id):
        if happened.type == "training_dataset.requested":
            body = happened.body
            return await _shown(reading, body["view"], body["view_version"], body["version"])
    raise Missing("training dataset request", command_id)


@router.get(_VIEW, summary="List a view's training datasets")
async def list_view_training_datasets(view: str, view_version: Version, reading: Reading) -> list[TrainingDatasetRow]:
    """Those of one version of a view, the newest first."""
    return await queries.training_datasets(reading.context.pool, reading.project, view, view_version)


@router.get(_VIEW + "/{version}", summary="Show a training dataset")
async def get_training_dataset(
    view: str, view_version: Version, version: Version, reading: Reading
) -> TrainingDatasetRow:
    """The dataset; recorded, it has its files, positions and hash."""
    return await _shown(reading, view, view_version, version)


@router.delete(_VIEW + "/{version}", summary="Delete a training dataset")
async def delete_training_dataset(
    project: ProjectPath, view: str, view_version: Version, version: Version, sending: Sending
) -> Accepted:
    """Let it go with its files; files that another dataset has too stay. Its version stays taken."""
    return await sending.send(
        DeleteTrainingDataset(project=project, view=view, view_version=view_version, version=version)
    )


@router.delete(_VIEW + "/{version}/data", status_code=202, summary="Purge training data")
async def purge_training_data(
    project: ProjectPath, view: str, view_version: Version, version: Version, sending: Sending
) -> Accepted:
    """Let the files go and keep the manifest. Read `status_url` until `stored` is false."""
    return await sending.send(
        PurgeTrainingData(project=project, view=view, view_version=view_version, version=version),
        f"/api/projects/{project}/feature-views/{view}/versions/{view_version}/training-datasets/{version}",
    )


async def _shown(reading: Reader, view: str, view_version: int, version: int) -> TrainingDatasetRow:
    found = await queries.training_datasets(reading.context.pool, reading.project, view, view_version, version)
    if not found:
        raise Missing("training dataset", f"{view} version {view_version}, dataset {version}")
    return found[0]
