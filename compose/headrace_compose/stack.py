"""The whole stack of one home: up, down, status, backup, restore."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

from headrace_broker import short_folder
from headrace_compose import launch
from headrace_compose.backup import Manifest, make_backup, restore_backup
from headrace_compose.backup.copying import Advance, silently
from headrace_compose.backup.errors import Elsewhere, Incomplete, StillRunning
from headrace_compose.errors import (
    DiskFull,
    ServiceDied,
    ServiceNotReady,
    StackBusy,
    StepFailed,
    UnknownService,
)
from headrace_compose.home import Home
from headrace_compose.launch import Launch
from headrace_compose.order import closure, dependents, in_order, run_in_order
from headrace_compose.ports import choose
from headrace_compose.service import NotReady, Report, Service, Step
from headrace_compose.services import LISTENERS, all_services, all_steps
from headrace_compose.services.headrace import our_version
from headrace_compose.settings import StackSettings
from headrace_compose.site import Site
from headrace_compose.status import ENDED, StackStatus, look
from headrace_compose.supervision import Supervisor
from headrace_compose.vault import Vault

POLL_SECONDS = 0.1
REPORT_SECONDS = 5.0
# A first end may come from what a killed predecessor has not let go of yet; a second one is the service's own.
DEATHS_FORGIVEN = 1


def _silent(line: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One Headrace on this machine, in the home that its settings name."""

    settings: StackSettings = field(default_factory=StackSettings)

    def up(
        self, services: Collection[str] | None = None, *, detach: bool = True, report: Report = _silent
    ) -> StackStatus:
        """Start what does not run yet, in order of dependency, and return when all of it is ready.

        `services` limits the stack to these and what they depend on. Not detached, the stack ends with this process,
        even if that is killed. `report` is told of progress, a line at a time. On a running stack it starts what is
        missing and asks the rest whether it is ready.

        Raises:
            ComposeError: something is in the way; what had been started before is left running for a look at it.
        """
        home = self.home
        home.make()
        with self._alone():
            self._refuse_full_disk()
            supervisor = Supervisor(home)
            site = self.site(settled=supervisor.is_running())
            parts: list[Service | Step] = [*all_services(site), *all_steps(site)]
            known: dict[str, Service | Step] = {part.name: part for part in parts}
            depends_on = {name: part.depends_on for name, part in known.items()}
            wanted = self._wanted(services, depends_on)
            if not supervisor.is_running():
                ordered = [part for name in in_order(depends_on) if isinstance(part := known[name], Service)]
                supervisor.start([service for service in ordered if not service.external], detach=detach)
            began = time.monotonic()
            work = partial(self._bring_up, known, supervisor, report)
            run_in_order({name: depends_on[name] for name in in_order(depends_on) if name in wanted}, work)
            report(f"ready after {time.monotonic() - began:.0f} s")
            return self.status()

    def down(self, *, report: Report = _silent) -> None:
        """Stop everything, each service after those that depend on it; nothing happens if nothing runs."""
        if not self.home.root.exists():
            return
        with self._alone():
            supervisor = Supervisor(self.home)
            running = supervisor.running()
            if supervisor.is_running():
                site = self.site()
                parts: list[Service | Step] = [*all_services(site), *all_steps(site)]
                depends_on = {part.name: part.depends_on for part in parts}
                up = {name for name, now in running.items() if now.pid is not None}
                run_in_order(dependents(up, depends_on), partial(_take_down, supervisor, report))
            supervisor.stop()
            short_folder.remove(self.home.root / "ray")

    def backup(self, folder: Path, advance: Advance = silently) -> Manifest:
        """Copy secrets, log and files into a folder that is not there yet. Nothing may run; raises BackupError."""
        self._must_all_be_here()
        if not self.home.root.exists():
            raise Incomplete(self.home.root, "there is no stack in it")
        with self._alone():
            if Supervisor(self.home).is_running():
                raise StillRunning(self.home.root)
            return make_backup(self.home, folder.absolute(), our_version(), advance)

    def restore(self, folder: Path, advance: Advance = silently) -> Manifest:
        """Make the home, which must not be there or be empty, of a backup. Raises BackupError."""
        self._must_all_be_here()
        return restore_backup(folder.absolute(), self.home, our_version(), advance)

    def _must_all_be_here(self) -> None:
        settings = self.settings
        for what, where in (("The log", settings.kafka_external), ("The store of files", settings.storage)):
            if where is not None:
                raise Elsewhere(what, where)

    def status(self) -> StackStatus:
        """Look at every service, without starting or stopping any."""
        return look(self.site(), Supervisor(self.home).running())

    def site(self, *, settled: bool = True) -> Site:
        """Open the secrets and the addresses of this stack, making those that are missing.

        Settled, addresses chosen before are taken as they are; otherwise those that are no longer free are replaced.
        """
        home = self.home
        home.make()
        running = frozenset(LISTENERS) if settled else frozenset[str]()
        return Site(
            settings=self.settings,
            home=home,
            cache=self.settings.cache.absolute(),
            vault=Vault.open(home.secrets),
            addresses=choose(home.run / "ports.json", self.settings.listen_host, self._ports(), running),
        )

    @property
    def home(self) -> Home:
        """Where this stack's state lies."""
        return Home(self.settings.home.absolute())

    def _ports(self) -> dict[str, int | None]:
        configured = {
            "kafka": self.settings.kafka_port,
            "postgres": self.settings.postgres_port,
            "opensearch": self.settings.opensearch_port,
            "api": self.settings.api_port,
        }
        return {name: configured.get(name) for name in LISTENERS}

    def _wanted(self, services: Collection[str] | None, depends_on: Mapping[str, tuple[str, ...]]) -> set[str]:
        if services is None:
            return set(depends_on)
        for name in services:
            if name not in depends_on:
                raise UnknownService(name, sorted(depends_on))
        return closure(services, depends_on)

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self.home.root).free
        if free < self.settings.free_space:
            raise DiskFull(self.home.root, free, self.settings.free_space)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.home.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StackBusy(self.home.root) from error
            yield

    def _bring_up(
        self, known: Mapping[str, Service | Step], supervisor: Supervisor, report: Report, name: str, given_up: Event
    ) -> None:
        part = known[name]
        if isinstance(part, Step):
            _run_step(self.home, part, report)
            return
        running = supervisor.running().get(name)
        if not part.external and (running is None or running.pid is None):
            part.prepare(report)
            supervisor.launch(part)
        _await_ready(self.home, part, supervisor, report, given_up)


def _take_down(supervisor: Supervisor, report: Report, name: str, _: Event) -> None:
    report(f"{name}: stopping")
    supervisor.halt(name)


def _await_ready(home: Home, service: Service, supervisor: Supervisor, report: Report, given_up: Event) -> None:
    began = told = time.monotonic()
    starts: set[int] = set()
    while not given_up.is_set():
        try:
            service.ready()
        except NotReady as reason:
            said = str(reason)
        else:
            report(f"{service.name}: ready on {service.address} after {time.monotonic() - began:.1f} s")
            return
        if not service.external:
            now = supervisor.running()[service.name]
            starts.add(now.started)
            if now.state == "fatal" or (now.state in ENDED and len(starts) > DEATHS_FORGIVEN):
                supervisor.halt(service.name)
                raise ServiceDied(service.name, home.log(service.name), home.tail(service.name))
        if time.monotonic() - began > service.start_seconds:
            raise ServiceNotReady(
                service.name, service.start_seconds, said, home.log(service.name), home.tail(service.name)
            )
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
            report(f"{service.name}: starting, {told - began:.0f} s ({said})")
        given_up.wait(POLL_SECONDS)


def _run_step(home: Home, step: Step, report: Report) -> None:
    report(f"{step.name}: running")
    began = time.monotonic()
    specification = home.run / f"{step.name}.json"
    Launch(command=step.command, environment=step.environment, parent=os.getpid()).write(specification)
    with home.log(step.name).open("wb") as output, contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            launch.command(specification),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=step.seconds,
            check=False,
        )
        if done.returncode == 0:
            report(f"{step.name}: done after {time.monotonic() - began:.1f} s")
            return
    raise StepFailed(step.name, time.monotonic() - began, home.log(step.name), home.tail(step.name))
