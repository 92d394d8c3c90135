"""Studies, their trials, and the timeline that shows who ran when."""

from typing import Any

from headrace_events.envelope import Recorded
from headrace_events.study import (
    RungReported,
    StudyCompleted,
    StudyCreated,
    TrialFailed,
    TrialPromoted,
    TrialStarted,
)
from headrace_projections.catalogue.apply.handlers import authored, on, project_of, record, records, stamped
from headrace_projections.changes import Append, Change, Update, Upsert, Values, moment


def _study(study: str, at: Recorded) -> Values:
    return {"project": project_of(at), "study": study}


def _trial(study: str, trial: int, at: Recorded) -> Values:
    return {"project": project_of(at), "study": study, "trial": trial}


def _line(what: str, study: str, at: Recorded, **known: Any) -> Append:
    row = {"project": project_of(at), "seq": at.seq, "study": study, "what": what, "time": moment(at.time), **known}
    return Append("trial_timeline", row)


@on(StudyCreated)
def list_study(event: StudyCreated, at: Recorded) -> list[Change]:
    """Show the study, whose trials can start."""
    row = {
        "name": event.name,
        "description": event.description,
        "phase": "running",
        "program": event.program,
        "program_name": event.program_name,
        "environment": list(event.environment),
        "searchspace": records(event.searchspace),
        "trials": event.trials,
        "metric": event.metric,
        "direction": event.direction,
        "halving": record(event.halving),
        "seed": event.seed,
        "workers": event.workers,
        "gpus": event.gpus,
        "reader": event.reader,
        "trained_on": record(event.trained_on),
        **authored("created", at),
    }
    return [Upsert("studies", _study(event.study, at), row), _line("created", event.study, at)]


@on(TrialStarted)
def start_trial(event: TrialStarted, at: Recorded) -> list[Change]:
    """Show the trial running at rung 0."""
    row = {
        "parameters": dict(event.parameters),
        "rung": 0,
        "running": True,
        **stamped("started", at),
        **stamped("changed", at),
    }
    return [
        Upsert("trial_progress", _trial(event.study, event.trial, at), row),
        _line("started", event.study, at, trial=event.trial, rung=0),
    ]


@on(RungReported)
def report_rung(event: RungReported, at: Recorded) -> list[Change]:
    """Show the trial waiting at the rung it finished."""
    row = {
        "running": False,
        "rung": event.rung,
        "steps": event.steps,
        "checkpoint": event.checkpoint,
        **stamped("changed", at),
    }
    return [
        Update("trial_progress", _trial(event.study, event.trial, at), row),
        _line(
            "reported",
            event.study,
            at,
            trial=event.trial,
            rung=event.rung,
            steps=event.steps,
            metric=event.metric,
            cpu_seconds=event.cpu_seconds,
            gpu_seconds=event.gpu_seconds,
        ),
    ]


@on(TrialPromoted)
def promote_trial(event: TrialPromoted, at: Recorded) -> list[Change]:
    """Show the trial running at the next rung."""
    row = {"running": True, "rung": event.rung, **stamped("changed", at)}
    return [
        Update("trial_progress", _trial(event.study, event.trial, at), row),
        _line("promoted", event.study, at, trial=event.trial, rung=event.rung),
    ]


@on(TrialFailed)
def fail_trial(event: TrialFailed, at: Recorded) -> list[Change]:
    """Show why the trial ended."""
    row = {"running": False, "failed": True, "reason": event.reason, **stamped("changed", at)}
    return [
        Update("trial_progress", _trial(event.study, event.trial, at), row),
        _line(
            "failed",
            event.study,
            at,
            trial=event.trial,
            cpu_seconds=event.cpu_seconds,
            gpu_seconds=event.gpu_seconds,
        ),
    ]


@on(StudyCompleted)
def complete_study(event: StudyCompleted, at: Recorded) -> list[Change]:
    """Show the study's best trial, if any trial got that far."""
    row = {
        "phase": "completed",
        "best_trial": event.best_trial,
        "best_metric": event.best_metric,
        **stamped("completed", at),
    }
    return [Update("studies", _study(event.study, at), row), _line("completed", event.study, at)]
