"""Experiments: `experiment.lagom(train_fn, config)` runs trials of a training function, and finds the best one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headrace._command_id import new_command_id
from headrace._errors import Invalid
from headrace._login import login
from headrace._program import environment, name_of, pickled
from headrace._project import Project
from headrace._reporter import check
from headrace._searchspace import Searchspace
from headrace._study import ExperimentResult, Study, live_lines
from headrace._training_dataset import TrainingDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Asha:
    """Asynchronous successive halving: of the trials seen at a rung, the best one in `reduction_factor` goes on.

    A trial runs `resource_min` steps at first, then `reduction_factor` times as many at each rung, at most
    `resource_max`.
    """

    reduction_factor: int = 2
    resource_min: int = 1
    resource_max: int = 4

    def as_body(self) -> dict[str, int]:
        """As the API takes it; raises Invalid."""
        least, most = self.resource_min, self.resource_max
        if self.reduction_factor < 2 or least < 1 or most < least:
            raise Invalid("ASHA needs reduction_factor >= 2 and 1 <= resource_min <= resource_max", code="bad-asha")
        rungs = 1
        while least * self.reduction_factor**rungs <= most:
            rungs += 1
        return {"least_steps": least, "reduction": self.reduction_factor, "rungs": rungs}


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSearch:
    """Every trial runs `steps` steps, and none is stopped."""

    steps: int = 1

    def as_body(self) -> dict[str, int]:
        """As the API takes it."""
        return {"least_steps": self.steps, "reduction": 2, "rungs": 1}


_OPTIMIZERS: Mapping[str, Asha | RandomSearch] = {"asha": Asha(), "randomsearch": RandomSearch()}


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperparameterOptConfig:
    """What a study does.

    Args:
        num_trials: how many combinations are tried.
        searchspace: what they are drawn from, by `seed`.
        optimizer: `asha`, `randomsearch`, or an Asha or RandomSearch of your own.
        optimization_key: the metric, where the function returns a dict, and what it is called.
        direction: `max` or `min`.
        name: of the experiment.
        dataset: the training dataset whose files the function is given as `data`.
        workers: how many trials run at a time.
        gpus: how many GPUs of one machine each trial has to itself while it runs.
        reads_topics: let trials read topics: the function is given a TrialProject as `project`.
    """

    num_trials: int
    searchspace: Searchspace | Mapping[str, tuple[str, list[Any]]]
    optimizer: str | Asha | RandomSearch = "asha"
    optimization_key: str = "metric"
    direction: str = "max"
    name: str = "experiment"
    description: str = ""
    dataset: TrainingDataset | None = None
    seed: int = 0
    workers: int = 2
    gpus: int = 0
    reads_topics: bool = False

    def halving(self) -> dict[str, int]:
        """The optimizer as the API takes it; raises Invalid."""
        chosen = _OPTIMIZERS.get(self.optimizer.lower()) if isinstance(self.optimizer, str) else self.optimizer
        if chosen is None:
            raise Invalid(
                f"there is no optimizer {self.optimizer!r}: use {', '.join(_OPTIMIZERS)}", code="bad-optimizer"
            )
        return chosen.as_body()


def start(train_fn: Callable[..., Any], config: HyperparameterOptConfig, *, project: Project | None = None) -> Study:
    """Store the function, start the study, and return at once."""
    return _start(train_fn, config, project or login(), show=None)


def lagom(
    train_fn: Callable[..., Any],
    config: HyperparameterOptConfig,
    *,
    project: Project | None = None,
    show: Callable[[str], None] | None = print,
    timeout: float = 24 * 3600.0,
) -> ExperimentResult:
    """Run the study to its end and return what it found.

    Args:
        train_fn: called for each rung of each trial with the arguments it names; see `Reporter` and the guide.
        config: what to try.
        project: else the one that `login()` gives.
        show: is told of every line that workers write and every step, as they come; None says nothing.
        timeout: seconds after which waiting ends; the study itself goes on.

    Raises:
        Invalid: the function or the configuration cannot work.
        Failed: the study has not ended in time.
    """
    study = _start(train_fn, config, project or login(), show=show)
    result = study.wait(show=show, timeout=timeout)
    if show is not None:
        show(result.table())
    return result


def _start(
    train_fn: Callable[..., Any],
    config: HyperparameterOptConfig,
    project: Project,
    *,
    show: Callable[[str], None] | None,
) -> Study:
    check(train_fn, reads_topics=config.reads_topics)
    if not math.isfinite(config.num_trials) or config.num_trials < 1:
        raise Invalid("num_trials is 1 or more", code="bad-config")
    study = new_command_id()
    body = {
        "study": study,
        "name": config.name,
        "description": config.description,
        "program_name": name_of(train_fn),
        "environment": environment(),
        "searchspace": Searchspace.of(config.searchspace).as_body(),
        "trials": config.num_trials,
        "metric": config.optimization_key,
        "direction": config.direction,
        "halving": config.halving(),
        "seed": config.seed,
        "workers": config.workers,
        "gpus": config.gpus,
        "reads_topics": config.reads_topics,
    }
    if config.dataset is not None:
        on = config.dataset
        body["trained_on"] = {"view": on.view, "view_version": on.view_version, "version": on.version}
    body["program"] = project.get_dataset_api().upload_bytes(pickled(train_fn))
    lines = live_lines(project, study, show)
    project._api.post(f"/api/projects/{project.name}/studies", body)
    return Study(project, study, lines)
