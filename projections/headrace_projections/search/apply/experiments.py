"""Studies and their trials."""

from headrace_events.study import (
    RungReported,
    StudyCompleted,
    StudyCreated,
    TrialFailed,
    TrialPromoted,
    TrialStarted,
)
from headrace_projections.lineage.node import study, trial
from headrace_projections.search.document import Document
from headrace_projections.search.telling import Telling, on


@on(StudyCreated)
def study_created(told: Telling[StudyCreated]) -> list[Document]:
    """A study, its program and its environment."""
    event = told.event
    made = told.new(
        study(event.study),
        event.name,
        description=event.description,
        columns=tuple(dimension.name for dimension in event.searchspace),
        tags=(event.metric,),
        text=(event.study, event.program_name),
        state="running",
    )
    return [made, *told.ingredients(event.program, event.program_name, event.environment)]


@on(StudyCompleted)
def study_completed(told: Telling[StudyCompleted]) -> list[Document]:
    """It has ended, with a best trial or with none."""
    best = told.event.best_metric
    state = "failed" if told.event.best_trial is None else "completed"
    return told.again(study(told.event.study), metrics={} if best is None else {"best": best}, state=state)


@on(TrialStarted)
def trial_started(told: Telling[TrialStarted]) -> list[Document]:
    """A trial, named after its study, with its parameters."""
    event = told.event
    within = told.before(study(event.study))
    return [
        told.new(
            trial(event.study, event.trial),
            f"{within.name if within else event.study} trial {event.trial}",
            columns=tuple(sorted(event.parameters)),
            people=within.people if within else (),
            text=tuple(f"{name}={value}" for name, value in sorted(event.parameters.items())),
            state="running",
        )
    ]


@on(RungReported)
def rung_reported(told: Telling[RungReported]) -> list[Document]:
    """One more number of the trial."""
    event = told.event
    found = told.before(trial(event.study, event.trial))
    metrics = {**(found.metrics if found else {}), f"rung_{event.rung}": event.metric}
    return told.again(trial(event.study, event.trial), metrics=metrics, state="waiting")


@on(TrialPromoted)
def trial_promoted(told: Telling[TrialPromoted]) -> list[Document]:
    """It goes on."""
    return told.again(trial(told.event.study, told.event.trial), state="running")


@on(TrialFailed)
def trial_failed(told: Telling[TrialFailed]) -> list[Document]:
    """It has ended with an error."""
    thing = trial(told.event.study, told.event.trial)
    found = told.before(thing)
    return told.again(thing, text=(*(found.text if found else ()), told.event.reason), state="failed")
