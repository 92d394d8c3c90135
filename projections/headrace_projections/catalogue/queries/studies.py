"""Studies and their trials."""

from collections.abc import Mapping
from datetime import datetime

from headrace_events.language import value
from headrace_events.model import TrainedOn
from headrace_events.searchspace import Dimension
from headrace_events.study import Halving
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class StudyRow:
    """A study; `phase` is running or completed, `trials` how many it wants."""

    study: str
    name: str
    description: str
    phase: str
    program: str
    program_name: str
    environment: tuple[str, ...]
    searchspace: tuple[Dimension, ...]
    trials: int
    metric: str
    direction: str
    halving: Halving
    seed: int
    workers: int
    gpus: int
    reader: str | None = None
    trained_on: TrainedOn | None = None
    best_trial: int | None = None
    best_metric: float | None = None
    created_by: str
    created_time: datetime
    completed_time: datetime | None = None


@value
class TrialRow:
    """A trial; `parameters` are JSON texts by name, `metrics` those at the end of each rung."""

    trial: int
    parameters: Mapping[str, str]
    rung: int
    running: bool
    failed: bool
    reason: str | None = None
    steps: int
    checkpoint: str | None = None
    metrics: tuple[float, ...]
    started_time: datetime
    changed_time: datetime


@value
class StudyStepRow:
    """One step of a study: created, started, reported, promoted, failed or completed."""

    seq: int
    trial: int | None = None
    what: str
    rung: int | None = None
    steps: int | None = None
    metric: float | None = None
    time: datetime


async def studies(pool: Pool, project: str, study: str | None = None) -> list[StudyRow]:
    """The project's studies, or the one; the newest first."""
    query = """
        SELECT * FROM catalogue.studies
        WHERE project = %(project)s AND (%(study)s::text IS NULL OR study = %(study)s)
        ORDER BY created_seq DESC"""
    return await all_of(pool, StudyRow, query, project=project, study=study)


async def trials(pool: Pool, project: str, study: str) -> list[TrialRow]:
    """The study's trials, by number."""
    query = "SELECT * FROM catalogue.trials WHERE project = %(project)s AND study = %(study)s ORDER BY trial"
    return await all_of(pool, TrialRow, query, project=project, study=study)


async def timeline(pool: Pool, project: str, study: str) -> list[StudyStepRow]:
    """What happened in the study, in order."""
    query = "SELECT * FROM catalogue.trial_timeline WHERE project = %(project)s AND study = %(study)s ORDER BY seq"
    return await all_of(pool, StudyStepRow, query, project=project, study=study)
