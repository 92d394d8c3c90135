"""`headrace share`."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

import typer

import headrace
from headrace_cli.signing_in import signed_in
from headrace_cli.telling import ActAs, AsJson, refuse, tell, tell_rows, told

app = typer.Typer(no_args_is_help=True, help="What projects let one another read.")
InProject = Annotated[str, typer.Option("--project", help="the project")]


def _shares(project: str, user: str | None) -> headrace.SharesApi:
    return signed_in(user).get_project(project).get_shares_api()


def _row(share: headrace.Share) -> dict[str, Any]:
    return {each.name: getattr(share, each.name) for each in fields(share) if not each.name.startswith("_")}


def _tell(as_json: bool, share: headrace.Share) -> None:
    tell(as_json, _row(share), f"{share.id} is {share.phase}")


@app.command("offer")
@told
def offer(
    receiver: str,
    project: InProject,
    *,
    topic: Annotated[str | None, typer.Option(help="a topic that members made")] = None,
    feature_group: Annotated[str | None, typer.Option(metavar="NAME", help="a feature group")] = None,
    version: Annotated[int, typer.Option(help="of the feature group")] = 1,
    feature_store: Annotated[bool, typer.Option("--feature-store", help="all feature groups, later ones too")] = False,
    user: ActAs = None,
    as_json: AsJson = False,
) -> None:
    """Offer the project RECEIVER to read something; its owners accept. Prints the share's id."""
    if (topic is not None) + (feature_group is not None) + feature_store != 1:
        refuse("one thing is offered at a time", "Name one of --topic, --feature-group and --feature-store.")
    signed = signed_in(user).get_project(project)
    shares = signed.get_shares_api()
    if topic is not None:
        share = shares.offer(receiver, "topic", signed.topic_name(topic))
    elif feature_group is not None:
        share = shares.offer(receiver, "feature_group", feature_group, version)
    else:
        share = shares.offer(receiver, "feature_store")
    tell(as_json, _row(share), share.id)


@app.command("accept")
@told
def accept(share: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Take what was offered to the project, and answer once all members can read it."""
    _tell(as_json, _shares(project, user).accept(share))


@app.command("decline")
@told
def decline(share: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Refuse what was offered to the project, or give it back."""
    _tell(as_json, _shares(project, user).decline(share))


@app.command("revoke")
@told
def revoke(share: str, project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Take back what the project shares, and answer once nobody can read it any more."""
    _tell(as_json, _shares(project, user).revoke(share))


@app.command("list")
@told
def list_(project: InProject, user: ActAs = None, as_json: AsJson = False) -> None:
    """Show what the project lets others read, and what it may read of theirs."""
    rows = [_row(share) for share in _shares(project, user).get_shares()]
    tell_rows(as_json, rows, ("id", "project", "receiver", "phase"))
