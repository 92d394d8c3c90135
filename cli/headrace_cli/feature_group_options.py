"""What commands about one feature group ask for, and the group they mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from headrace import FeatureGroup
from headrace_cli.signing_in import signed_in
from headrace_cli.working import member_of

InProject = Annotated[str, typer.Option("--project", help="the project")]
Version = Annotated[int, typer.Option("--version", help="which version")]
NewestVersion = Annotated[int | None, typer.Option("--version", help="which version; without it, the newest")]


def group_of(name: str, version: int | None, project: str, user: str | None) -> FeatureGroup:
    """The version, as that user sees it; raises HeadraceError."""
    return signed_in(user).get_project(project).get_feature_store().get_feature_group(name, version)


@contextmanager
def member_group(name: str, version: int | None, project: str, user: str | None) -> Iterator[FeatureGroup]:
    """The version, for a member who writes its rows; raises HeadraceError."""
    with member_of(project, user) as signed:
        yield signed.get_feature_store().get_feature_group(name, version)
