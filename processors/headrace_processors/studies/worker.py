"""What happens in a worker: one rung of one trial, from the pickled function to its metric.

The function is called with the arguments it names, out of: `hparams` (name → value), `reporter`, `steps` (how many it
must have run in all at the end of this rung; also as `budget`), `start` (how many it has run before), `checkpoint`
(what it saved at the end of the rung before, else None), `data` (split → list of file paths; also as `dataset`), and
`project` where the study reads topics. It returns the metric, or a dict that holds it under the study's metric name.
"""

import contextlib
import inspect
import math
import os
import queue
import resource
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cloudpickle

from headrace_processors.studies.errors import BadFunction
from headrace_processors.studies.reporter import Line, Lines, Metric, Reporter, Stream, Tell, now
from headrace_schemas.catalogue import published

_BATCH_SECONDS = 0.2
_BATCH = 500
_WAITING = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicAccess:
    """What a trial reads topics with: settings of clients, certificate and key among them, and its groups' prefix."""

    connection: Mapping[str, str] = field(repr=False)
    group_prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One rung of one trial, which has so many `gpus` to itself, and reads topics if it is given the `topics`.

    `files` names the data files as (split, file name), in the order they are handed over.
    """

    project: str
    run: str
    metric: str
    rung: int
    start: int
    steps: int
    hparams: Mapping[str, Any]
    files: tuple[tuple[str, str], ...] = ()
    gpus: int = 0
    topics: TopicAccess | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The rung ended with this metric, after that much processor and GPU time; `checkpoint` is what was saved, pickled.

    GPU time is that of every GPU it had to itself, used or not.
    """

    metric: float
    checkpoint: bytes | None
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """The function raised, or did not do what the contract asks for."""

    reason: str
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0


Message = Metric | Line | Finished | Failed


@dataclass(slots=True)
class _Outbox:
    """Hands messages from the function's thread to the worker's generator, and holds back a flood of lines."""

    messages: "queue.Queue[Message]" = field(default_factory=lambda: queue.Queue(_WAITING))

    def batches(self) -> Iterator[list[Message]]:
        """Batches of messages as they come; the last one ends with Finished or Failed."""
        while True:
            batch = [self.messages.get()]
            deadline = now() + int(_BATCH_SECONDS * 1e6)
            while not isinstance(batch[-1], Finished | Failed) and len(batch) < _BATCH:
                try:
                    batch.append(self.messages.get(timeout=max(0.0, (deadline - now()) / 1e6)))
                except queue.Empty:
                    break
            yield batch
            if isinstance(batch[-1], Finished | Failed):
                return


@dataclass(frozen=True, slots=True)
class Given:
    """What a worker is handed beside the job: the pickled function and what it saved last, data files, and schemas.

    `schemas` are those of the project by id, for a trial that reads topics.
    """

    program: bytes
    checkpoint: bytes | None
    files: tuple[bytes, ...] = ()
    schemas: Mapping[int, str] = field(default_factory=dict)


def run_rung(
    job: Job, schemas: Mapping[int, str], program: bytes, checkpoint: bytes | None, *files: bytes
) -> Iterator[list[Message]]:
    """Run the rung; yield what it reports and writes, and last of all how it ended."""
    outbox, given = _Outbox(), Given(program, checkpoint, files, schemas)
    work = threading.Thread(
        target=lambda: outbox.messages.put(_measured(job, given, outbox.messages.put)),
        name=job.run,
        daemon=True,
    )
    work.start()
    yield from outbox.batches()
    work.join()


def processor_seconds() -> float:
    """Seconds of processor time that this process and its ended children have used, all threads together."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _measured(job: Job, given: Given, tell: Tell) -> Message:
    """How it ended, with the processor and GPU time it took; a worker runs one rung at a time."""
    before, begun = processor_seconds(), time.monotonic()
    ended = _run(job, given, tell)
    gpu_seconds = job.gpus * (time.monotonic() - begun)
    return replace(ended, cpu_seconds=processor_seconds() - before, gpu_seconds=gpu_seconds)


def _run(job: Job, given: Given, tell: Tell) -> Finished | Failed:
    lines = Lines(tell)
    out, err = Stream(lines, "stdout"), Stream(lines, "stderr")
    for name in [name for name in os.environ if name.startswith("HEADRACE_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="headrace-trial-") as folder:
        try:
            with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                function: Callable[..., Any] = cloudpickle.loads(given.program)
                reporter = Reporter(job.metric, lines, tell, job.start)
                data = _laid_out(Path(folder), job, given.files)
                offered = {
                    "hparams": dict(job.hparams),
                    "reporter": reporter,
                    "steps": job.steps,
                    "budget": job.steps,
                    "start": job.start,
                    "checkpoint": cloudpickle.loads(given.checkpoint) if given.checkpoint is not None else None,
                    "data": data,
                    "dataset": data,
                    **_topics(job, given.schemas),
                }
                returned = function(**injected(function, offered))
                metric = _metric(returned, job.metric)
                _tell_others(returned, job, tell)
                return Finished(metric, cloudpickle.dumps(reporter.saved) if reporter.has_saved else None)
        except BadFunction as error:
            return Failed(str(error))
        except BaseException as error:  # noqa: BLE001 - whatever a user's function raises is how its trial ended
            for line in traceback.format_exc().splitlines():
                lines.say("stderr", line)
            return Failed(f"{type(error).__name__}: {error}"[:1000])
        finally:
            out.finish()
            err.finish()


def _topics(job: Job, schemas: Mapping[int, str]) -> dict[str, Any]:
    if job.topics is None:
        return {}
    from headrace import TrialProject  # noqa: PLC0415 - what runs here is the user's side

    shipped = {schema_id: schema.text for schema_id, schema in published().items()}
    access = job.topics
    return {"project": TrialProject(job.project, access.connection, access.group_prefix, {**shipped, **schemas})}


def _laid_out(folder: Path, job: Job, files: tuple[bytes, ...]) -> dict[str, list[str]]:
    data: dict[str, list[str]] = {}
    for (split, name), content in zip(job.files, files, strict=True):
        path = folder / name
        path.write_bytes(content)
        data.setdefault(split, []).append(str(path))
    return data


def _tell_others(returned: Any, job: Job, tell: Tell) -> None:
    if isinstance(returned, Mapping):
        for name, number in returned.items():
            if name != job.metric and isinstance(number, int | float) and math.isfinite(number):
                tell(Metric(str(name), job.steps, float(number), now()))


def injected(function: Callable[..., Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the offered arguments that the function names; raises BadFunction where it needs another one."""
    chosen = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
            continue
        if name in offered and parameter.kind is not parameter.POSITIONAL_ONLY:
            chosen[name] = offered[name]
        elif parameter.default is parameter.empty:
            raise BadFunction(f"the training function needs {name!r}; it may name {', '.join(sorted(offered))}")
    return chosen


def _metric(returned: Any, name: str) -> float:
    if isinstance(returned, Mapping):
        if name not in returned:
            raise BadFunction(f"the training function returned a dict without the study's metric {name!r}")
        returned = returned[name]
    try:
        metric = float(returned)
    except (TypeError, ValueError):
        raise BadFunction(f"the training function returned {type(returned).__name__}, not a number or a dict") from None
    if not math.isfinite(metric):
        raise BadFunction(f"the metric is {metric}: return finite numbers")
    return metric
