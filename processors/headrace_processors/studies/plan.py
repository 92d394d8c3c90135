"""What a study's free workers do next: a pure function of the folded study and of what runs now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from headrace_processors.studies.fold import StudyRun


@dataclass(frozen=True, slots=True)
class Launch:
    """Run the trial's rung on this worker; the log says already that it runs."""

    trial: int
    rung: int
    worker: int


@dataclass(frozen=True, slots=True)
class Begin:
    """Say in the log that this trial begins; once it says so, the trial is launched."""

    trial: int


def plan(
    run: StudyRun, busy: Mapping[int, Launch], begun: Collection[int], waiting: Collection[int]
) -> list[Launch | Begin]:
    """What to do with the workers that are free.

    `busy` are the rungs that run, or whose report the log has not answered, by trial; `begun` are trials whose start
    the log has not answered; `waiting` are trials that must not run now. A free worker first goes on with a promoted
    trial (the highest rung first) or one that a dead worker left, and only then starts a new one.
    """
    taken = {launch.worker for launch in busy.values()}
    free = [worker for worker in range(1, run.asked.workers + 1) if worker not in taken]
    due = sorted(
        (-trial.rung, int(number))
        for number, trial in run.state.trials.items()
        if trial.running and int(number) not in busy and int(number) not in waiting
    )
    launches = [Launch(number, -negative, worker) for (negative, number), worker in zip(due, free, strict=False)]
    if run.state.promotable() is not None:
        return [*launches]  # half of a report's events: the promotion is the next one
    spare = max(0, len(free) - len(launches) - len(begun))
    known = len(run.state.trials) + len(begun)
    fresh = range(known, min(known + spare, run.state.trials_wanted))
    return [*launches, *(Begin(trial) for trial in fresh)]
