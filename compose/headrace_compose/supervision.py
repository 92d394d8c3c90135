"""The process manager: supervisord, with a configuration made from the list of services.

It starts nothing by itself. Each program is the launcher with a specification file, so that no secret stands in the
configuration and each child ends with the process manager.
"""

from __future__ import annotations

import http.client
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psutil
from supervisor.xmlrpc import SupervisorTransport

from headrace_broker.private_files import write_private
from headrace_compose import launch
from headrace_compose.errors import SupervisorLost
from headrace_compose.home import Home
from headrace_compose.launch import Launch
from headrace_compose.service import Service

START_SECONDS = 20.0
STOP_SECONDS = 90.0
LOG_BYTES = "20MB"
LOG_FILES = 3
FAULT_ALREADY_STARTED = 60
FAULT_NOT_RUNNING = 70
SOCKET_PATH_BYTES = 107
_LONGEST_SUFFIX = len(".4194304")  # the manager makes it under a name with its process id first
_GROUP = "headrace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What the process manager says of one program. `state` is supervisord's word, in lower case."""

    state: str
    pid: int | None
    started: int


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The process manager of one home, whether it runs or not."""

    home: Home

    def is_running(self) -> bool:
        """Whether the process that `start` recorded still lives."""
        return self._process() is not None

    def start(self, services: Sequence[Service], *, detach: bool) -> None:
        """Start supervisord for these programs, in this order of dependency, after removing what a dead one left.

        Not detached, it stops all when this process ends, however it ends.
        """
        self._forget()
        socket = socket_path(self.home)
        write_private(self._configuration, render(self.home, socket, services).encode())
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._configuration)]
        if not detach:
            tied = self.home.run / "supervisord.json"
            Launch(command=command, parent=os.getpid(), death_signal=signal.SIGTERM).write(tied)
            command = launch.command(tied)
        pid = _spawn(command, self.home.log("supervisord.start"))
        record = {"pid": pid, "created": psutil.Process(pid).create_time(), "socket": str(socket)}
        write_private(self._record, json.dumps(record).encode())
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process() is None:
                raise self._lost("ended while it was starting")
            if time.monotonic() > deadline:
                raise self._lost(f"does not answer after {START_SECONDS:.0f} s")
            time.sleep(0.05)

    def launch(self, service: Service) -> None:
        """Start one service, from a fresh specification; returns before it is ready."""
        Launch(
            command=service.command,
            environment=service.environment,
            parent=self._pid_file,
            death_signal=service.death_signal,
            user=service.user,
            scratch=self.home.scratch(service.name) if service.scratch else None,
            niceness=service.niceness,
        ).write(_specification(self.home, service.name))
        try:
            self._call("supervisor.startProcess", f"{_GROUP}:{service.name}", False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != FAULT_ALREADY_STARTED:
                raise self._lost(f"cannot start {service.name}: {fault.faultString}") from fault

    def halt(self, name: str) -> None:
        """Stop one service and wait for its end; nothing happens if it does not run."""
        try:
            self._call("supervisor.stopProcess", f"{_GROUP}:{name}", True)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != FAULT_NOT_RUNNING:
                raise self._lost(f"cannot stop {name}: {fault.faultString}") from fault

    def running(self) -> Mapping[str, Running]:
        """What each program does now; empty when the process manager does not run."""
        if not self.is_running():
            return {}
        return {
            info["name"]: Running(state=info["statename"].lower(), pid=info["pid"] or None, started=info["start"])
            for info in self._call("supervisor.getAllProcessInfo")
        }

    def stop(self) -> None:
        """End the process manager, and with it whatever it still runs."""
        process = self._process()
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(START_SECONDS)
        self._forget()

    @property
    def _configuration(self) -> Path:
        return self.home.run / "supervisord.conf"

    @property
    def _record(self) -> Path:
        return self.home.run / "manager.json"

    @property
    def _pid_file(self) -> Path:
        return self.home.run / "supervisord.pid"

    def _process(self) -> psutil.Process | None:
        try:
            record = json.loads(self._record.read_text())
            process = psutil.Process(record["pid"])
            if abs(process.create_time() - record["created"]) > 1 or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None
        return process

    def _forget(self) -> None:
        try:
            socket = Path(json.loads(self._record.read_text())["socket"])
        except FileNotFoundError:
            return
        socket.unlink(missing_ok=True)
        if socket.parent != self.home.run:
            shutil.rmtree(socket.parent, ignore_errors=True)
        self._pid_file.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            return bool(self._call("supervisor.getState")["statename"] == "RUNNING") and self._pid_file.exists()
        except SupervisorLost:
            return False

    def _call(self, method: str, *arguments: object) -> Any:
        try:
            socket = json.loads(self._record.read_text())["socket"]
            transport = SupervisorTransport(None, None, f"unix://{socket}")
            with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as server:
                return getattr(server, method)(*cast(Any, arguments))
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise self._lost(f"does not answer: {error}") from error

    def _lost(self, reason: str) -> SupervisorLost:
        tail = "\n".join(filter(None, (self.home.tail("supervisord.start"), self.home.tail("supervisord"))))
        return SupervisorLost(reason, self.home.log("supervisord"), tail)


def render(home: Home, socket: Path, services: Sequence[Service]) -> str:
    """Write supervisord's configuration.

    All programs are one group: a process manager that is told to end stops them at once, where it would give each
    group a second of its own. `Stack.down` stops them in order before.
    """
    manager = {
        "nodaemon": "true",
        "pidfile": str(home.run / "supervisord.pid"),
        "logfile": str(home.log("supervisord")),
        "logfile_maxbytes": LOG_BYTES,
        "logfile_backups": str(LOG_FILES),
        "childlogdir": str(home.root / "log"),
        "directory": str(home.root),
        "silent": "true",
        "umask": "077",
        "minfds": "256",
        "minprocs": "64",
        **({"user": "root"} if os.geteuid() == 0 else {}),
    }
    factory = "supervisor.rpcinterface:make_main_rpcinterface"
    sections = [
        _section("unix_http_server", {"file": str(socket), "chmod": "0600"}),
        _section("supervisord", manager),
        _section("rpcinterface:supervisor", {"supervisor.rpcinterface_factory": factory}),
    ]
    sections.append(_section(f"group:{_GROUP}", {"programs": ",".join(service.name for service in services)}))
    for priority, service in enumerate(services, start=1):
        sections.append(_section(f"program:{service.name}", _program(home, service, priority)))
    return "\n".join(sections)


def socket_path(home: Home) -> Path:
    """Give the manager's socket a path: in the home, or where that is too long for one, in a folder of its own."""
    path = home.run / "supervisord.sock"
    if len(os.fsencode(path)) + _LONGEST_SUFFIX <= SOCKET_PATH_BYTES:
        return path
    return Path(tempfile.mkdtemp(prefix="headrace-")) / "s"


def _spawn(command: Sequence[str], output: Path) -> int:
    """Start a process in a session of its own, which may outlive us, and give its id."""
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.posix_spawn(
        command[0],
        list(command),
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), write, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _program(home: Home, service: Service, priority: int) -> dict[str, str]:
    return {
        "command": shlex.join(launch.command(_specification(home, service.name))),
        "priority": str(priority),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": "8",
        "stopsignal": service.stop_signal.name.removeprefix("SIG"),
        "stopwaitsecs": str(service.stop_seconds),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": str(home.log(service.name)),
        "stdout_logfile_maxbytes": LOG_BYTES,
        "stdout_logfile_backups": str(LOG_FILES),
    }


def _specification(home: Home, name: str) -> Path:
    return home.run / f"{name}.json"


def _section(title: str, values: Mapping[str, str]) -> str:
    lines = [f"{name}={value.replace('%', '%%')}" for name, value in values.items()]
    return "\n".join([f"[{title}]", *lines, ""])
