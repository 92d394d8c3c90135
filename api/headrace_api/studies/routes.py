"""Studies: hyper-parameter trials."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.studies.models import NewStudy, StudyWithTrials
from headrace_events.study import CreateStudy
from headrace_projections.catalogue.queries import studies as queries
from headrace_projections.catalogue.queries.studies import StudyRow

router = APIRouter(prefix="/api/projects/{project}/studies", tags=["studies"])


@router.post("", status_code=202, summary="Start a study")
async def create_study(project: ProjectPath, body: NewStudy, sending: Sending) -> Accepted:
    """Start trials of a stored training function. Read `status_url` until its `phase` is completed."""
    return await sending.send(
        body.command(CreateStudy, project=project), f"/api/projects/{project}/studies/{body.study}"
    )


@router.get("", summary="List studies")
async def list_studies(reading: Reading) -> list[StudyRow]:
    """All studies, the newest first."""
    return await queries.studies(reading.context.pool, reading.project)


@router.get("/{study}", summary="Show a study")
async def get_study(study: str, reading: Reading) -> StudyWithTrials:
    """The study with its trials and its timeline."""
    pool, project = reading.context.pool, reading.project
    found = await queries.studies(pool, project, study)
    if not found:
        raise Missing("study", study)
    return StudyWithTrials(
        study=found[0],
        trials=await queries.trials(pool, project, study),
        timeline=await queries.timeline(pool, project, study),
    )
