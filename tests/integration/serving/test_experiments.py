"""A study on Ray, from a scientist's notebook to the log and back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.clients import eventually
from tests.integration.serving.flights import Flights, Late, train_by_wind

from headrace import Conflict, Forbidden, HyperparameterOptConfig, Invalid, Project, Searchspace, experiment
from headrace_compose.supervision import Supervisor

pytestmark = pytest.mark.timeout(600)  # the first test of a session starts Ray, which takes a minute on busy cores


def test_the_best_trial_is_found(found: Flights) -> None:
    result = found.found
    assert result.num_trials == 4
    assert result.failed == 0
    best = max(result.trials, key=lambda trial: (len(trial.metrics), trial.metrics[-1]))
    assert result.best_id == best.number
    assert result.best_val == best.metrics[-1]
    assert result.best_config == best.parameters
    assert set(best.parameters) == {"threshold", "kind"}
    assert best.steps == 4


def test_the_timeline_tells_every_step_in_order(found: Flights) -> None:
    timeline = found.found.timeline
    assert timeline[0].what == "created"
    assert timeline[-1].what == "completed"
    assert [step.what for step in timeline].count("started") == 4
    assert [step.what for step in timeline].count("promoted") >= 2


def test_lines_and_metrics_come_live_with_their_worker(found: Flights) -> None:
    lines = [line for line in found.shown if line.startswith("[worker-")]
    trial = found.found.best_id
    assert any(f"trial {trial}: saw 160 flights" in line for line in lines), found.shown
    assert any(f"trial {trial}, step 4: accuracy = " in line for line in lines)
    assert {line.split("]")[0] for line in lines} == {"[worker-1", "[worker-2"}
    assert found.shown[-1] == found.found.table()


def test_a_trial_goes_on_from_what_it_saved(found: Flights) -> None:
    model = found.found.checkpoint()
    assert type(model).__name__ == "Late"
    assert model.seen == 4 * 40
    assert model.threshold == found.found.best_config["threshold"]  # type: ignore[index] # a best trial has one


def test_environment_and_program_are_kept(found: Flights) -> None:
    assert "python==3.11" in found.found.environment[0]
    assert any(entry.startswith("cloudpickle==") for entry in found.found.environment)
    assert len(found.found.program) == 64
    assert found.found.trained_on == {"view": "delays", "view_version": 1, "version": 1}


def test_user_code_is_told_nothing_and_runs_as_nobody_where_that_can_be(found: Flights) -> None:
    lines = [line for line in found.shown if "as user" in line]
    user = 65534 if isolated(found) else os.getuid()
    assert lines
    assert all(line.endswith(f"as user {user}, told []") for line in lines), lines


def test_user_code_is_isolated_where_the_platform_is_root_and_status_and_health_say_so(found: Flights) -> None:
    status = found.served.platform.stack.stack.status()
    assert isolated(found) == (os.geteuid() == 0)
    assert status.isolation == ("platform" if os.geteuid() == 0 else "none")


def test_a_trial_with_all_it_can_get_opens_no_secret_and_writes_into_no_other_project(found: Flights) -> None:
    site = found.served.platform.stack.site
    rival = f"{found.served.new_project('mallory', None)}.runs"
    own = found.owner.get_kafka_api().create_topic("spied").name
    secrets = [site.home.secrets / "master.key", *sorted((site.home.secrets / "ca").iterdir())]
    assert {"master.key", "ca.key"} <= {path.name for path in secrets}
    targets = [own, rival, f"{found.owner.name}.events"]
    look = spy(str(site.home.root), [str(path) for path in secrets], with_pem(found.owner), targets)
    said = "\n".join(lagom_once(found, look))
    if os.geteuid() == 0:
        assert all(f"secret {path.name}: PermissionError" in said for path in secrets), said
        assert "environments with secrets: 0, readable private keys: []" in said, said
    for topic, answer in zip(targets, [None, *["TOPIC_AUTHORIZATION_FAILED"] * 2], strict=True):
        assert f"with a certificate to {topic}: {answer}" in said, said
    assert f"without one to {rival}: _MSG_TIMED_OUT" in said, said


def isolated(found: Flights) -> bool:
    """What the Ray head says of itself: whether user code runs as another user."""
    address = found.served.platform.stack.site.addresses["ray"]
    metrics = httpx.get(f"http://{address}/metrics").text
    return "headrace_ray_isolation 1.0" in metrics


def with_pem(project: Project) -> dict[str, Any]:
    """What a member's client is set with, certificate and key as text: nothing but this is needed to write."""
    settings = project.client_files().librdkafka()
    return {
        name.replace(".location", ".pem"): Path(str(given)).read_text() if name.endswith(".location") else given
        for name, given in settings.items()
    }


def spy(home: str, secrets: list[str], member: dict[str, Any], topics: list[str]) -> Callable[..., float]:
    """A training function that takes what it finds, and an owner's certificate besides, and tries every door."""

    def look(reporter: Any) -> float:
        import os
        import pathlib

        import confluent_kafka

        for secret in map(pathlib.Path, secrets):
            try:
                reporter.log(f"secret {secret.name}: {len(secret.read_bytes())} bytes")
            except OSError as error:
                reporter.log(f"secret {secret.name}: {type(error).__name__}")

        def readable(path: pathlib.Path) -> bytes:
            try:
                return path.read_bytes() if path.is_file() and path.stat().st_size < 2**20 else b""
            except OSError:
                return b""

        told = sum(b"HEADRACE_SECRETS" in readable(one / "environ") for one in pathlib.Path("/proc").iterdir())
        places = {
            home,
            str(pathlib.Path.cwd()),
            *(os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ),
        }
        files = [
            pathlib.Path(folder, name) for place in places for folder, _, names in os.walk(place) for name in names
        ]
        keys = [str(path) for path in files if b"PRIVATE KEY" in readable(path)]
        reporter.log(f"environments with secrets: {told}, readable private keys: {keys}")

        def produced(settings: dict[str, Any], topic: str, seconds: int) -> str | None:
            answers: list[str | None] = []
            producer = confluent_kafka.Producer({**settings, "message.timeout.ms": seconds * 1000})
            producer.produce(topic, b"x", on_delivery=lambda error, _: answers.append(error.name() if error else None))
            producer.flush(seconds + 5)
            return answers[0] if answers else "no answer"

        for topic in topics:
            reporter.log(f"with a certificate to {topic}: {produced(member, topic, 30)}")
        bare = {"bootstrap.servers": member["bootstrap.servers"]}
        reporter.log(f"without one to {topics[1]}: {produced(bare, topics[1], 2)}")
        return 1.0

    return look


def lagom_once(flights: Flights, function: Callable[..., float]) -> list[str]:
    shown: list[str] = []
    config = HyperparameterOptConfig(
        num_trials=1, searchspace=Searchspace(x=("DISCRETE", [1])), optimizer="randomsearch", name="once"
    )
    experiment.lagom(function, config, project=flights.scientist, show=shown.append, timeout=100)
    return shown


def test_a_driver_that_was_killed_decides_as_one_that_was_not(found: Flights) -> None:
    config = HyperparameterOptConfig(
        num_trials=4, searchspace=Searchspace(x=("DOUBLE", [0.0, 1.0])), name="killed", workers=1, seed=11
    )
    calm = experiment.lagom(quality, config, project=found.scientist, show=None, timeout=100)
    study = experiment.start(quality, config, project=found.scientist)
    eventually(lambda: len(study.result().timeline) > 3 or None, "the study to be on its way", seconds=60)
    os.kill(pid_of(found, "studies"), signal.SIGKILL)
    killed = study.wait(timeout=100)
    assert [(step.what, step.trial, step.rung, step.metric) for step in killed.timeline] == [
        (step.what, step.trial, step.rung, step.metric) for step in calm.timeline
    ]
    assert killed.best_config == calm.best_config


def quality(hparams: dict[str, Any], steps: int) -> float:
    """Take a moment for every step, as learning does."""
    import hashlib

    for _ in range(steps * 200_000):
        hashlib.sha256(b"work").digest()
    return float(hparams["x"] * steps)


def pid_of(found: Flights, service: str) -> int:
    return Supervisor(found.served.platform.stack.stack.home).running()[service].pid or 0


def test_in_a_sensitive_project_a_scientist_trains_on_what_they_cannot_take_away(found: Flights) -> None:
    view = found.scientist.get_feature_store().get_feature_view("delays")
    dataset = view.get_training_dataset(found.dataset.version)
    config = HyperparameterOptConfig(
        num_trials=1,
        searchspace=Searchspace(threshold=("DOUBLE", [0.0, 4.0])),
        optimizer="randomsearch",
        optimization_key="accuracy",
        name="sandboxed",
        dataset=found.dataset,
    )
    found.owner.mark_sensitive()
    try:
        result = experiment.lagom(train_by_wind, config, project=found.scientist, show=None, timeout=100)
        assert (result.num_trials, result.failed) == (1, 0)
        for take in (partial(dataset.read, "train"), result.checkpoint):
            with pytest.raises(Forbidden) as refused:
                take()
            assert refused.value.code == "data-stays-inside"
    finally:
        with found.served.administrator() as administrator:
            administrator.get_project(found.owner.name).unmark_sensitive()
        eventually(lambda: None if found.scientist.sensitive else True, "the mark to be taken away")
    assert len(dataset.read("train")) == 40


def on_gpus(gpus: int) -> HyperparameterOptConfig:
    return HyperparameterOptConfig(
        num_trials=1, searchspace=Searchspace(x=("DISCRETE", [1])), optimizer="randomsearch", name="gpus", gpus=gpus
    )


def visible_gpus() -> float:
    """How many GPUs the trial is shown; the platform of these tests has one on paper."""
    import os

    return float(len([one for one in os.environ.get("CUDA_VISIBLE_DEVICES", "all of them").split(",") if one]))


def test_a_trial_has_the_gpus_that_it_asked_for_and_its_project_less_of_their_time(found: Flights) -> None:
    def gpu_seconds() -> int:
        return next(row.used or 0 for row in found.owner.get_usage() if row.quota == "gpu-seconds")

    before = gpu_seconds()
    without = experiment.lagom(visible_gpus, on_gpus(0), project=found.scientist, show=None, timeout=100)
    assert (without.best_val, gpu_seconds()) == (0.0, before)
    result = experiment.lagom(visible_gpus, on_gpus(1), project=found.scientist, show=None, timeout=100)
    assert result.best_val == 1.0
    used = gpu_seconds()
    assert used > before
    with found.served.administrator() as administrator:
        administrator.set_quota(found.owner.name, "gpu-seconds", used)
        try:
            with pytest.raises(Conflict) as refused:
                experiment.start(visible_gpus, on_gpus(1), project=found.scientist)
        finally:
            administrator.set_quota(found.owner.name, "gpu-seconds", None)
    assert refused.value.details == {"quota": "gpu-seconds", "limit": str(used), "used": str(used), "asked": "1"}


def test_a_trial_that_asks_for_more_gpus_than_there_are_fails_at_once(found: Flights) -> None:
    result = experiment.lagom(visible_gpus, on_gpus(2), project=found.scientist, show=None, timeout=100)
    (trial,) = result.trials
    assert (trial.failed, (trial.reason or "").partition(":")[0]) == (True, "too-few-gpus")


def test_a_function_that_raises_says_why(found: Flights) -> None:
    def broken() -> float:
        raise ZeroDivisionError("by design")

    shown = lagom_once(found, broken)
    assert any("ZeroDivisionError: by design" in line for line in shown), shown
    assert any("trial 0 has failed" in line for line in shown), shown


def test_a_function_that_needs_what_no_trial_gives_is_refused_before_it_is_sent(found: Flights) -> None:
    config = HyperparameterOptConfig(num_trials=1, searchspace=Searchspace(x=("DISCRETE", [1])))
    with pytest.raises(Invalid, match="needs 'model'"):
        experiment.lagom(lambda model: 1.0, config, project=found.scientist, show=None)


def test_late_is_what_it_says() -> None:
    assert Late(1.0).predict([("JFK", 1.0, 2.0), ("JFK", 1.0, 0.5)]) == [1.0, 0.0]
