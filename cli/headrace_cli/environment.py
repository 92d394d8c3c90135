"""`headrace env`: everything a job needs, as `export` lines."""

from __future__ import annotations

import shlex
import time
from typing import Annotated

import typer

from headrace._certificates import client_files
from headrace._http import Api
from headrace._settings import stack_home
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import AsJson, tell, told

HOURS = 24


@told
def environment(
    project: Annotated[str, typer.Option(help="the project")],
    user: Annotated[str | None, typer.Option(help="for whom; the project's owner if not given")] = None,
    as_json: AsJson = False,
) -> None:
    """Print what a job of a member needs: a key for the project (24 h), a certificate (PEM files), addresses.

    Use it as: eval "$(headrace env --project P)"
    """
    platform = signed_in()
    expires = time.time_ns() // 1000 + HOURS * 3_600_000_000
    answer = platform.api.post(f"/api/projects/{project}/environment", {"user": user, "expires": expires}).body
    member = Api(platform.api.url, answer["key"])
    member.positions.merge(answer["positions"])
    files = client_files(member, project, answer["user"], stack_home() / "clients")
    exports = {
        "HEADRACE_API": answer["api"],
        "HEADRACE_PROJECT": project,
        "HEADRACE_API_KEY": answer["key"],
        "HEADRACE_BOOTSTRAP": files.bootstrap,
        "HEADRACE_CA": str(files.ca),
        "HEADRACE_CERT": str(files.certificate),
        "HEADRACE_KEY": str(files.key),
        "HEADRACE_GROUP_PREFIX": files.group_prefix,
        "HEADRACE_REGISTRY": answer["registry"],
        "HEADRACE_SERVING": answer["serving"],
    }
    tell(as_json, exports, "\n".join(f"export {name}={shlex.quote(value)}" for name, value in exports.items()))
