"""A study that runs, and what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headrace._errors import Failed, HeadraceError
from headrace._live import LiveLines
from headrace._program import pickler

if TYPE_CHECKING:
    from headrace._project import Project

_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A trial: its parameters, the metric at the end of each rung, and how many steps it got in all."""

    number: int
    parameters: Mapping[str, Any]
    metrics: tuple[float, ...]
    steps: int
    rung: int
    failed: bool
    reason: str | None
    checkpoint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a timeline: a trial was started, reported, promoted, or failed; the study was created, completed."""

    what: str
    trial: int | None
    rung: int | None
    steps: int | None
    metric: float | None
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentResult:
    """What a study found; `best_*` are None where every trial failed."""

    study: str
    name: str
    best_id: int | None
    best_val: float | None
    best_config: Mapping[str, Any] | None
    metric_list: tuple[float, ...]
    avg: float | None
    num_trials: int
    failed: int
    trials: tuple[Trial, ...]
    timeline: tuple[Step, ...]
    program: str
    environment: tuple[str, ...]
    trained_on: Mapping[str, Any] | None
    project: Project = field(repr=False, compare=False)

    def checkpoint(self, trial: int | None = None) -> Any:
        """What a trial (without a number, the best one) saved last, unpickled: code of whoever wrote the study.

        Raises Failed where it saved nothing.
        """
        number = self.best_id if trial is None else trial
        for found in self.trials:
            if found.number == number and found.checkpoint is not None:
                content = self.project.get_dataset_api().read_content(found.checkpoint)
                return pickler().loads(content)
        raise Failed(f"trial {number} has saved nothing: call reporter.save(...)", code="no-checkpoint")

    def table(self) -> str:
        """The trials as text, the best one marked."""
        names = sorted({name for trial in self.trials for name in trial.parameters})
        rows = [["", "trial", *names, "steps", "metric", ""]]
        for trial in self.trials:
            values = [_short(trial.parameters.get(name)) for name in names]
            metric = f"{trial.metrics[-1]:.6g}" if trial.metrics else ""
            mark = "*" if trial.number == self.best_id else ""
            rows.append([mark, str(trial.number), *values, str(trial.steps), metric, trial.reason or ""])
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class Study:
    """A study on its way; every fact about it is read from the platform."""

    def __init__(self, project: Project, study: str, lines: LiveLines | None) -> None:
        self.project = project
        self.id = study
        self._lines = lines
        self._shown = 0

    def __repr__(self) -> str:
        return f"Study({self.id!r})"

    @property
    def _path(self) -> str:
        return f"/api/projects/{self.project.name}/studies/{self.id}"

    def wait(self, *, show: Callable[[str], None] | None = None, timeout: float = 24 * 3600.0) -> ExperimentResult:
        """Return when no trial runs or can be promoted any more; `show` is told of lines and steps as they come.

        Raises Failed after `timeout` seconds; the study goes on.
        """
        deadline = time.monotonic() + timeout
        looked = 0.0
        try:
            while True:
                for line in self._lines.poll(0.2) if self._lines else ():
                    if show is not None:
                        show(line)
                if self._lines is None:
                    time.sleep(0.2)
                if time.monotonic() - looked < _LOOK_SECONDS:
                    continue
                looked = time.monotonic()
                answer = self._look(show)
                if answer["study"]["phase"] == "completed":
                    self._last_lines(show)
                    return _result(self.project, answer)
                if time.monotonic() > deadline:
                    raise Failed(f"the study has not ended in {timeout:.0f} s; it goes on", code="not-in-time")
        finally:
            if self._lines is not None:
                self._lines.close()
                self._lines = None

    def result(self) -> ExperimentResult:
        """What there is now; of a study that runs, the best so far is not known."""
        return _result(self.project, self.project._api.get(self._path))

    def _look(self, show: Callable[[str], None] | None) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.project._api.get(self._path)
        timeline = answer["timeline"]
        if show is not None:
            parameters = {trial["trial"]: _parameters(trial) for trial in answer["trials"]}
            for step in timeline[self._shown :]:
                show(_told(step, parameters.get(step["trial"], {})))
        self._shown = len(timeline)
        return answer

    def _last_lines(self, show: Callable[[str], None] | None) -> None:
        """The study is over, so all its lines are on the log already; show those not seen yet."""
        if self._lines is None or show is None:
            return
        while lines := list(self._lines.poll(0.3)):
            for line in lines:
                show(line)


def live_lines(project: Project, study: str, show: Callable[[str], None] | None) -> LiveLines | None:
    """The lines to show, or None (and a word about it) where the brokers cannot be reached from here."""
    if show is None:
        return None
    try:
        return LiveLines(project.consumer, project.name, study)
    except (HeadraceError, OSError, RuntimeError, KeyError) as error:
        show(f"no live lines: {error}")
        return None


def _told(step: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    match step["what"]:
        case "started":
            drawn = ", ".join(f"{name}={_short(value)}" for name, value in parameters.items())
            return f"trial {step['trial']} starts: {drawn}"
        case "reported":
            return f"trial {step['trial']} ends rung {step['rung']} after {step['steps']} steps: {step['metric']:.6g}"
        case "promoted":
            return f"trial {step['trial']} is promoted to rung {step['rung']}"
        case "failed":
            return f"trial {step['trial']} has failed"
        case "completed" if step["trial"] is not None:
            return f"the study is completed; the best is trial {step['trial']}"
    return f"the study is {step['what']}"


def _parameters(trial: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in trial["parameters"].items()}


def _result(project: Project, answer: Mapping[str, Any]) -> ExperimentResult:
    study = answer["study"]
    trials = tuple(
        Trial(
            number=trial["trial"],
            parameters=_parameters(trial),
            metrics=tuple(trial["metrics"]),
            steps=trial["steps"],
            rung=trial["rung"],
            failed=trial["failed"],
            reason=trial.get("reason"),
            checkpoint=trial.get("checkpoint"),
        )
        for trial in answer["trials"]
    )
    last = [trial.metrics[-1] for trial in trials if trial.metrics and not trial.failed]
    best = study.get("best_trial")
    return ExperimentResult(
        study=study["study"],
        name=study["name"],
        best_id=best,
        best_val=study.get("best_metric"),
        best_config=next((trial.parameters for trial in trials if trial.number == best), None),
        metric_list=tuple(last),
        avg=sum(last) / len(last) if last else None,
        num_trials=len(trials),
        failed=sum(trial.failed for trial in trials),
        trials=trials,
        timeline=_timeline(answer["timeline"]),
        program=study["program"],
        environment=tuple(study["environment"]),
        trained_on=study.get("trained_on"),
        project=project,
    )


def _timeline(rows: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(
        Step(
            what=row["what"],
            trial=row.get("trial"),
            rung=row.get("rung"),
            steps=row.get("steps"),
            metric=row.get("metric"),
            time=row["time"],
        )
        for row in rows
    )
