"""How commands tell their outcome: a line or JSON on standard output; an error in two lines, what and what to do."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table

import headrace
from headrace_cli.ending import ending

P = ParamSpec("P")
R = TypeVar("R")

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
ActAs = Annotated[str | None, typer.Option("--user", help="act as this user; the administrator vouches for it")]

_ADVICE: tuple[tuple[type[headrace.HeadraceError], str], ...] = (
    (headrace.Unavailable, "Wait a moment and try again; `headrace status` shows which server is away."),
    (headrace.Unreachable, "Start the stack with `headrace up`, or set HEADRACE_API to where it runs."),
    (headrace.NotSignedIn, "Run this where the stack's secrets are (HEADRACE_HOME), or set HEADRACE_API_KEY."),
    (headrace.Forbidden, "Ask a Data Owner of the project, or an administrator."),
    (headrace.NotFound, "Check the name; `headrace project list` shows the projects you may see."),
    (headrace.Conflict, "Look at how things are now, and decide again."),
    (headrace.Invalid, "Correct the request."),
    (headrace.OutcomeUnknown, "Look whether it happened before you do it again."),
    (headrace.NotYetVisible, "It is done; look again in a moment."),
    (
        headrace.Failed,
        "`headrace status` shows whether all servers are at work; their logs are under the home's `log`.",
    ),
)


def told(function: Callable[P, R]) -> Callable[P, R]:
    """The command, with its errors told in two lines and exit status 1."""

    @functools.wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with ending():
                return function(*args, **kwargs)
        except headrace.HeadraceError as error:
            advice = next((text for kind, text in _ADVICE if isinstance(error, kind)), "See `headrace status`.")
            code = f" ({error.code})" if error.code else ""
            refuse(f"{error.message}{code}", advice)

    return command


def refuse(what: str, what_to_do: str) -> NoReturn:
    """Tell the two lines and end with status 1."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]error[/red] {_escaped(what)}")
    console.print(f"      {_escaped(what_to_do)}")
    raise typer.Exit(1)


def must_repeat(name: str, confirm: str, undone: str, what: str) -> None:
    """Refuse to go on unless the name of the `what` (a topic) was repeated: nothing was `undone` (deleted) then."""
    if confirm != name:
        refuse(f"{confirm!r} is not {name!r}: nothing was {undone}", f"Repeat the {what}'s name in --confirm.")


def tell(as_json: bool, value: Any, line: str) -> None:
    """The outcome, as JSON or as a line."""
    typer.echo(json.dumps(value, indent=2, default=str) if as_json else line)


def tell_rows(as_json: bool, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Rows, as JSON or as a table of these columns."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2, default=str))
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*("" if row[column] is None else _escaped(str(row[column])) for column in columns))
    Console(soft_wrap=True).print(table)


def as_text(value: Any) -> str:
    """A value on one line."""
    match value:
        case dict():
            return ", ".join(f"{name}={inner}" for name, inner in value.items())
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
