"""What members say of feature groups and views: commands that both have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from headrace import FeatureGroup, FeatureView
from headrace_cli.feature_group_options import InProject, NewestVersion
from headrace_cli.telling import ActAs, AsJson, refuse, tell, told

Find = Callable[[str, int | None, str, str | None], FeatureGroup | FeatureView]
"""Finds a version of a thing (None: the newest) in a project, as a user sees it: name, version, project, user."""


def add_to(app: typer.Typer, find: Find) -> None:
    """Give the commands of a thing these too."""

    @app.command("describe")
    @told
    def describe(
        name: str,
        text: str,
        project: InProject,
        *,
        version: NewestVersion = None,
        user: ActAs = None,
        as_json: AsJson = False,
    ) -> None:
        """Say what a version is, in place of what was said before."""
        find(name, version, project, user).update_description(text)
        tell(as_json, {"name": name, "description": text}, f"{name} is described")

    @app.command("deprecate")
    @told
    def deprecate(
        name: str,
        project: InProject,
        *,
        version: NewestVersion = None,
        undo: Annotated[bool, typer.Option("--undo", help="it may be used again")] = False,
        user: ActAs = None,
        as_json: AsJson = False,
    ) -> None:
        """Say that a version is to be used no more: whoever gets it is warned."""
        find(name, version, project, user).update_deprecated(not undo)
        tell(as_json, {"name": name, "deprecated": not undo}, f"{name} is {'in use again' if undo else 'deprecated'}")

    @app.command("keywords")
    @told
    def keywords(
        name: str,
        project: InProject,
        *,
        version: NewestVersion = None,
        add: Annotated[list[str] | None, typer.Option("--add", help="a word; repeat it")] = None,
        remove: Annotated[list[str] | None, typer.Option("--remove", help="a word; repeat it")] = None,
        user: ActAs = None,
        as_json: AsJson = False,
    ) -> None:
        """Add and take away keywords of a version, and show those it has."""
        thing = find(name, version, project, user)
        if add:
            thing.add_keywords(add)
        for keyword in remove or ():
            thing.delete_keyword(keyword)
        found = thing.get_keywords()
        tell(as_json, {"name": name, "keywords": found}, ", ".join(found))

    @app.command("tag")
    @told
    def tag(
        name: str,
        tag_name: Annotated[str, typer.Argument(metavar="TAG")],
        value: Annotated[str, typer.Argument(help="as JSON; what is none is a string")],
        project: InProject,
        *,
        version: NewestVersion = None,
        user: ActAs = None,
        as_json: AsJson = False,
    ) -> None:
        """Put a tag on a version, or another value in its place."""
        put = _json(value)
        find(name, version, project, user).add_tag(tag_name, put)
        tell(as_json, {"name": name, "tag": tag_name, "value": put}, f"{name} is tagged {tag_name}={value}")

    @app.command("untag")
    @told
    def untag(
        name: str,
        tag_name: Annotated[str, typer.Argument(metavar="TAG")],
        project: InProject,
        *,
        version: NewestVersion = None,
        user: ActAs = None,
        as_json: AsJson = False,
    ) -> None:
        """Take a tag away from a version."""
        find(name, version, project, user).delete_tag(tag_name)
        tell(as_json, {"name": name, "tag": tag_name}, f"{name} has the tag {tag_name} no more")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        if text.lstrip()[:1] in {"{", "["}:
            refuse(f"{text!r} is no JSON", 'Quote it for the shell: \'{"team": "meteorology"}\'.')
        return text
