"""`headrace storage-connector`: where external databases are. What opens one comes from a pipe or the environment."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Any

import typer

from headrace import StorageConnector
from headrace._database_url import taken_apart
from headrace_cli.feature_group_options import InProject
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, must_repeat, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="Where the databases of external feature groups are.")

Stdin = Annotated[
    bool, typer.Option("--secret-stdin", help="read the password, or a JSON object of settings, from standard input")
]
Variable = Annotated[
    str | None, typer.Option("--secret-env", help="the environment variable that holds the same", metavar="NAME")
]


def secret_given(from_stdin: bool, variable: str | None) -> str | dict[str, str] | None:
    """The password, or secret settings by name, from where it was said to be; None where nothing was said."""
    if from_stdin and variable is not None:
        refuse("a secret is read from one place", "Give --secret-stdin or --secret-env, not both.")
    if variable is not None:
        text = os.environ.get(variable, "")
        where = f"the environment variable {variable}"
    elif from_stdin:
        text, where = sys.stdin.read().rstrip("\r\n"), "standard input"
    else:
        return None
    if not text:
        refuse(f"{where} holds no secret", "Put the password there, or a JSON object of secret settings.")
    return _settings(text, where) if text.startswith("{") else text


def _settings(text: str, where: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:  # its message would say what is there
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        refuse(f"{where} holds no JSON object of texts", 'Write {"password": "…", "sslkey": "…"}, or the password.')
    return found


def _told_of(connector: StorageConnector) -> dict[str, Any]:
    return {
        "name": connector.name,
        "url": connector.url,
        "secret": connector.has_secret,
        "description": connector.description,
    }


@app.command("create")
@told
def create(
    name: str,
    url: Annotated[str, typer.Argument(help="as SQLAlchemy reads it, without any password")],
    project: InProject,
    *,
    description: Annotated[str, typer.Option("--description")] = "",
    from_stdin: Stdin = False,
    variable: Variable = None,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Name an external database, for Data Owners."""
    plain, shown = taken_apart(url, None)
    if shown:
        refuse(
            f"the URL holds {', '.join(sorted(shown))}, and whoever lists processes or reads your history sees it",
            f"Write {plain} and give the secret by --secret-stdin or --secret-env.",
        )
    secret = secret_given(from_stdin, variable)
    made = signed_in(user).get_project(project).create_storage_connector(name, plain, secret, description)
    tell(as_json, _told_of(made), f"storage connector {name}: external feature groups read {made.url}")


@app.command("set-secret")
@told
def set_secret(
    name: str,
    project: InProject,
    *,
    from_stdin: Stdin = False,
    variable: Variable = None,
    none: Annotated[bool, typer.Option("--none", help="nothing opens it any more but its URL")] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Put another secret in the place of the one there is, for Data Owners."""
    secret = secret_given(from_stdin, variable)
    if (secret is None) != none:
        refuse("say which secret it is from now on", "Give --secret-stdin, --secret-env or --none.")
    connector = signed_in(user).get_project(project).get_storage_connector(name)
    connector.set_secret(secret)
    tell(as_json, _told_of(connector), f"storage connector {name} has {'no' if none else 'another'} secret")


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show a project's storage connectors; no secret is read for that."""
    connectors = signed_in(user).get_project(project).get_storage_connectors()
    tell_rows(as_json, [_told_of(one) for one in connectors], ("name", "url", "secret", "description"))


@app.command("show")
@told
def show(name: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show where a database is, and since when its secret is what it is."""
    connector = signed_in(user).get_project(project).get_storage_connector(name)
    told_of = {**_told_of(connector), "secret_time": connector.secret_time}
    since = f"since {connector.secret_time:%Y-%m-%d %H:%M} UTC"
    secret = f"a secret opens it, {since}" if connector.has_secret else "no secret opens it"
    tell(as_json, told_of, f"{connector.name}: {connector.url}\n{secret}")


@app.command("delete")
@told
def delete(
    name: str,
    project: InProject,
    *,
    confirm: Annotated[str, typer.Option(prompt="Repeat the name to delete it for ever", help="the name again")],
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Delete a storage connector with its secret; its name is never used again."""
    must_repeat(name, confirm, "deleted", "connector")
    signed_in(user).get_project(project).get_storage_connector(name).delete()
    tell(as_json, {"storage_connector": name, "phase": "deleted"}, f"storage connector {name} is deleted")
