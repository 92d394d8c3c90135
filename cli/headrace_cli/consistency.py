"""`headrace consistency`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, NoReturn

import typer

import headrace
from headrace_cli.telling import ActAs, AsJson, refuse, tell, told
from headrace_cli.working import member_of

app = typer.Typer(no_args_is_help=True, help="Whether online and offline stores say the same.")


@app.callback()
def _consistency() -> None:
    """Whether online and offline stores say the same."""


@app.command("check")
@told
def check(
    project: Annotated[str, typer.Option("--project", help="the project")],
    group: Annotated[str | None, typer.Option("--group", help="the feature group")] = None,
    *,
    view: Annotated[str | None, typer.Option("--view", help="or the feature view whose vectors are kept ready")] = None,
    version: Annotated[int | None, typer.Option("--version", help="its version; without it, the newest")] = None,
    seconds: Annotated[
        int, typer.Option(help="how long the offline store gets to come as far as the online one")
    ] = 120,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Compare the last row of every key, online and offline, after the same records; exit status 1 if any differs.

    Of a view, compare the vectors that are kept ready with the rows of its groups.
    """
    if (group is None) is (view is None):
        refuse("name a --group or a --view", "One of the two is compared.")
    if view is not None:
        _check_vectors(project, view, version, user, as_json=as_json)
    with member_of(project, user) as signed_in:
        found = signed_in.get_feature_store().get_feature_group(str(group), version).check_consistency(seconds=seconds)
    tell(as_json, asdict(found), "\n".join(_lines(found)))
    raise typer.Exit(0 if found.equal else 1)


def _check_vectors(project: str, view: str, version: int | None, user: str | None, *, as_json: bool) -> NoReturn:
    with member_of(project, user) as signed_in:
        found = signed_in.get_feature_store().get_feature_view(view, version).check_consistency()
    said = f"equal: {found.rows:,} rows" if found.equal else f"{found.different:,} of {found.rows:,} rows differ"
    named = [f"{_row(dict(one.key))}: {one.group}" for one in found.differences]
    tell(as_json, asdict(found), "\n".join([said, *named]))
    raise typer.Exit(0 if found.equal else 1)


def _lines(found: headrace.Consistency) -> list[str]:
    if found.equal:
        said = f"equal: {found.online.keys:,} keys, {found.online.deleted:,} of them deleted"
        return [said, f"digest {found.online.digest}", f"at {', '.join(found.positions)}"]
    lines = [
        f"{found.different:,} keys differ; {found.online.keys:,} are online, {found.offline.keys:,} offline",
        f"at {', '.join(found.positions)}",
    ]
    for one in found.differences:
        key = ", ".join(f"{name}={value}" for name, value in one.key.items())
        why = f" ({one.reason})" if one.reason else ""
        lines.append(f"{key}: online {_row(one.online)}{why}, offline {_row(one.offline)}")
    if found.different > len(found.differences):
        lines.append(f"and {found.different - len(found.differences):,} more")
    return lines


def _row(values: object) -> str:
    return "nothing" if values is None else str(values)
