"""Step 4: eight trials with asynchronous successive halving on Ray, every decision an event."""

from flights.program import train
from flights.stage import Stage
from flights.story import Chapter
from headrace import ExperimentResult, Searchspace, TrainingDataset, experiment

TRIALS = 8
SPACE = Searchspace(learning_rate=("DOUBLE", [0.03, 0.4]), leaves=("INTEGER", [7, 63]), l2=("DOUBLE", [0.0, 5.0]))


def play(stage: Stage, chapter: Chapter, dataset: TrainingDataset) -> ExperimentResult:
    """Run the study as the scientist, and show that nobody waited for a rung to fill."""
    result = experiment.lagom(
        train,
        experiment.HyperparameterOptConfig(
            num_trials=TRIALS,
            searchspace=SPACE,
            optimizer=experiment.Asha(reduction_factor=2, resource_min=8, resource_max=32),
            optimization_key="auc",
            name="late_arrivals",
            description="Which boosted trees know best whether a flight will be late?",
            dataset=dataset,
            workers=2,
        ),
        project=stage.cast.scientist,
        show=stage.story.quote,
    )
    steps = [step.what for step in result.timeline]
    first_promotion, last_start = steps.index("promoted"), _last(steps, "started")
    if first_promotion > last_start:
        raise AssertionError("no trial was promoted before the last one started: the study waited for its rung")
    stage.story.say(f"the first promotion came before {steps[first_promotion:].count('started')} trials had begun")
    if result.best_val is None or result.best_id is None:
        raise AssertionError("every trial failed")
    chapter.figures = {
        "study": result.study,
        "trials": [{"trial": one.number, "steps": one.steps, "auc": one.metrics} for one in result.trials],
        "timeline": [[step.what, step.trial, step.rung, step.steps, step.metric] for step in result.timeline],
        "program": result.program,
        "environment": len(result.environment),
    }
    got = " ".join(str(one.steps) for one in result.trials)
    chapter.result = f"trial {result.best_id} of {TRIALS} is best, AUC {result.best_val:.4f}; steps each got: {got}"
    return result


def _last(steps: list[str], what: str) -> int:
    return len(steps) - 1 - steps[::-1].index(what)
