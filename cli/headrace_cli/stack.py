"""`headrace up`, `down`, `status`, `rebuild`, `backup` and `restore`: the stack on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from headrace_cli.telling import AsJson, refuse, tell

if TYPE_CHECKING:
    from headrace_compose.stack import Stack

PRINCIPALS = {"online": "online", "offline": "offline", "lineage": "lineage", "search": "search", "audit": "audit"}
"""Which process's rights a rebuild needs; the projector's where it is not named."""


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="return when healthy, and leave it running")] = False,
) -> None:
    """Start Headrace on this machine; not detached, it runs until Ctrl-C."""
    stack, stopped = _stack(), threading.Event()
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    if not detach:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
    status = _composed(lambda: stack.up(detach=detach, report=lambda line: errors.print(line, markup=False)))
    typer.echo(f"Headrace is up: {status.api}")
    if not detach:
        stopped.wait()
        down()


def down() -> None:
    """Stop everything on this machine, and keep all state."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    stack = _stack()
    _composed(lambda: stack.down(report=lambda line: errors.print(line, markup=False)))


def status(as_json: AsJson = False) -> None:
    """Show every service; exit status 0 only if all are healthy."""
    stack = _stack()
    found = _composed(stack.status)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        table = Table("service", "state", "address", "version", "pid", "MiB", "lag", box=None, header_style="bold")
        for name, service in found.as_json()["services"].items():
            colour = "green" if service["state"] == "ready" else "red"
            cells = [service[column] for column in ("address", "version", "pid", "rss_mb", "lag")]
            shown = ["" if cell is None else str(cell) for cell in cells]
            table.add_row(name, f"[{colour}]{service['state']}[/{colour}]", *shown)
        Console(soft_wrap=True).print(table)
        typer.echo(f"api {found.api}  isolation {found.isolation}")
    raise typer.Exit(0 if found.healthy else 1)


def rebuild(
    name: Annotated[str, typer.Argument(help="catalogue, lineage, search, audit, …")],
    verify: Annotated[bool, typer.Option("--verify", help="compare every row and column with the live one")] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="a scratch copy of how it was: TIME, PROJECT:SEQ")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a projection again from the log, beside the live one, and swap it in."""
    stack = _stack()
    environment = _composed(lambda: stack.site().environment(PRINCIPALS.get(name, "projector")))
    arguments = [name, *(["--verify"] if verify else []), *(["--as-of", as_of] if as_of else [])]
    command = [sys.executable, "-m", "headrace_projections.rebuild", *arguments, *(["--json"] if as_json else [])]
    raise typer.Exit(subprocess.run(command, env={**os.environ, **environment}, check=False).returncode)


def backup(
    folder: Annotated[Path, typer.Argument(help="a folder that is not there yet")], as_json: AsJson = False
) -> None:
    """Copy secrets, log and files of this stack, which must be down."""
    stack = _stack()
    with _bar() as advance:
        made = _composed(lambda: stack.backup(folder, advance))
    row = {"folder": str(folder), "made": made.made, "files": made.files, "bytes": made.bytes, "digest": made.digest}
    line = f"{made.files} files, {made.bytes / 2**20:.1f} MiB are in {folder}; keep it as you keep secrets"
    tell(as_json, row, line)


def restore(
    folder: Annotated[Path, typer.Argument(help="what `headrace backup` made")], as_json: AsJson = False
) -> None:
    """Make this stack's home, where there is none, of a backup; `headrace up` then computes the rest from the log."""
    stack = _stack()
    with _bar() as advance:
        made = _composed(lambda: stack.restore(folder, advance))
    home = stack.home.root
    row = {"home": str(home), "made": made.made, "files": made.files, "bytes": made.bytes, "digest": made.digest}
    tell(as_json, row, f"{home} is as it was on {made.made}; start it with `headrace up`")


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """What shows how far a copy is, where somebody looks on."""
    columns = (BarColumn(), DownloadColumn(binary_units=True), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("copying")
        yield lambda done, whole: progress.update(task, completed=done, total=whole)


def _stack() -> Stack:
    try:
        from headrace_compose.stack import Stack  # noqa: PLC0415 - the stack is an extra that a client does without
    except ModuleNotFoundError as error:
        refuse(f"the stack is not installed here: {error.name} is missing", "Install it: pip install 'headrace[all]'")
    return Stack()


def _composed(do: Any) -> Any:
    from headrace_compose.errors import ComposeError  # noqa: PLC0415 - as above

    try:
        return do()
    except ComposeError as error:
        what, _, rest = str(error).partition("\n")
        refuse(what, rest or "See the logs in the home's `log` folder.")
