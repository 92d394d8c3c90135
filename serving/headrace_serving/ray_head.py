"""The Ray head node, as a supervised process: `python -m headrace_serving.ray_head`.

Everything of Ray hangs on this process: the kernel ends it all when this ends. It listens on the loopback interface
only, wants Ray's token, starts with an environment that holds no setting of ours, and runs as another user where it can
(`isolation.py`). Its address and its isolation are in `run/ray.address` of the home while it answers; `ray` there leads
to its logs and to the temporary files of user code, until it is stopped. They lie outside the home, which user code may
not enter.
"""

import fcntl
import logging
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from headrace_broker import short_folder
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.private_files import create_private
from headrace_broker.ray_connection import RayConnection
from headrace_serving.isolation import isolate
from headrace_serving.lifeline import run_guarded

logger = logging.getLogger("headrace.ray")

OBJECT_STORE = 256 * 2**20
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSettings:
    """Where the home is, how many processors and GPUs trials may use (None: those there are), where health is told."""

    home: Path
    secrets: Path
    cpus: int
    gpus: int | None
    monitor: str | None

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "HeadSettings":
        """The settings of this process; raises KeyError naming what is missing."""
        home = Path(environment["HEADRACE_HOME"]).absolute()
        return cls(
            home=home,
            secrets=Path(environment.get("HEADRACE_SECRETS", home / "secrets")).absolute(),
            cpus=int(environment.get("HEADRACE_RAY_CPUS") or max(2, os.cpu_count() or 2)),
            gpus=int(environment["HEADRACE_RAY_GPUS"]) if environment.get("HEADRACE_RAY_GPUS") else None,
            monitor=environment.get("HEADRACE_MONITOR"),
        )


def main() -> None:
    """Run Ray until SIGTERM, and leave nothing of it behind."""
    log_to_stderr()
    settings = HeadSettings.read(os.environ)
    connection = RayConnection(home=settings.home, secrets=settings.secrets)
    token = _token(connection.token_file)
    with _address_file(connection.address_file) as address:
        folder = short_folder.make(settings.home / "ray")
        isolation = isolate([folder])
        if isolation == "none":
            logger.warning("isolation: none (user code runs as the user that runs the platform)")
        _scrub(folder, token)
        status = run_guarded(lambda: _run(settings, folder, address, isolation))
        address.truncate(0)
    if status == 0:
        shutil.rmtree(folder, ignore_errors=True)  # after a crash its logs stay until the next start
    sys.exit(status)


def _run(settings: HeadSettings, folder: Path, address: TextIO, isolation: str) -> None:
    import ray  # noqa: PLC0415 - it reads the environment when it is imported

    monitor = Monitor("ray", settings.monitor)
    isolated = monitor.gauge("isolation", "1 where user code runs as another user than the platform")
    isolated.set(isolation == "platform")
    context: Any = ray.init(
        num_cpus=settings.cpus,
        num_gpus=settings.gpus,
        include_dashboard=False,
        object_store_memory=OBJECT_STORE,
        _temp_dir=str(folder / "r"),  # Ray opens its own folder to everybody; the one around it stays closed
        log_to_driver=False,
        configure_logging=False,
        namespace="headrace",
    )
    stop = stop_on_signals()  # Ray has put its own handlers in place
    where = str(context.address_info["gcs_address"])
    address.write(f"{where}\n{isolation}\n")
    address.flush()
    logger.info("Ray answers at %s, isolation: %s", where, isolation)
    while not stop.wait(0.5):
        resources = ray.cluster_resources()  # type: ignore[no-untyped-call] # Ray publishes no types for it
        monitor.healthy(bool(resources))
    monitor.healthy(False)
    ray.shutdown()


def _token(path: Path) -> str:
    """What clients of Ray must know, made once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        create_private(path, secrets.token_hex(32).encode())
    return path.read_text().strip()


def _address_file(path: Path) -> TextIO:
    """The open file for the address, empty; it is opened before the process gives up its rights.

    Its lock is held as long as anything of a head lives, so that one that was killed is gone before the next begins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a")
    fcntl.flock(file, fcntl.LOCK_EX)
    file.truncate(0)
    return file


def _scrub(folder: Path, token: str) -> None:
    """Leave in the environment, which every worker inherits, only what Python and Ray need."""
    scratch = folder / "t"
    scratch.mkdir(mode=0o700)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update(
        kept,
        HOME=str(folder),
        TMPDIR=str(scratch),
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN=token,
        RAY_USAGE_STATS_ENABLED="0",
        RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="1",  # who asks for no GPU sees none
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # binds the loopback address instead of the machine's own
    )
    os.chdir(folder)


if __name__ == "__main__":
    main()
