"""What a request names: views and groups with or without a version, entities as rows."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from headrace_api.context import Pool
from headrace_api.errors import Missing, Unprocessable
from headrace_api.vectors.models import MOST_KEYS
from headrace_projections.catalogue.queries.feature_groups import feature_groups
from headrace_projections.catalogue.queries.feature_views import feature_views

_SERVICE = re.compile(r"(?P<name>[^:@]+)(?::v?(?P<version>[0-9]{1,9}))?")
_FEATURE = re.compile(r"(?P<group>[^:@]+)(?:@v?(?P<version>[0-9]{1,9}))?:(?P<feature>[^:@]+)")


async def view_named(pool: Pool, project: str, text: str) -> tuple[str, int]:
    """The view's name and version that `name` or `name:version` stands for; raises Unprocessable, Missing."""
    found = _SERVICE.fullmatch(text)
    if found is None:
        raise Unprocessable("invalid-reference", f"{text[:80]!r} names no view: write `name` or `name:version`")
    name = found["name"]
    if found["version"]:
        return name, int(found["version"])
    views = await feature_views(pool, project, name)
    if not views:
        raise Missing("feature view", name)
    return name, views[0].version


async def features_named(
    pool: Pool, project: str, texts: Sequence[str]
) -> dict[tuple[str, int], list[tuple[int, str]]]:
    """Group and version → the features asked of it, each with its place; raises Unprocessable, Missing."""
    newest: dict[str, int] = {}
    named: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for place, text in enumerate(texts):
        found = _FEATURE.fullmatch(text)
        if found is None:
            raise Unprocessable(
                "invalid-reference", f"{text[:80]!r} names no feature: write `group:feature` or `group@v2:feature`"
            )
        name = found["group"]
        if not found["version"] and name not in newest:
            groups = await feature_groups(pool, project, name)
            if not groups:
                raise Missing("feature group", name)
            newest[name] = groups[0].version
        version = int(found["version"]) if found["version"] else newest[name]
        named.setdefault((name, version), []).append((place, found["feature"]))
    return named


def rows_of(entities: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """The entities, each with its columns; raises Unprocessable where columns differ in length, or are too long."""
    lengths = {len(values) for values in entities.values()}
    if len(lengths) > 1:
        raise Unprocessable("invalid-entities", "every column of `entities` has a value for each entity")
    if max(lengths, default=0) > MOST_KEYS:
        raise Unprocessable("too-many-entities", f"at most {MOST_KEYS:,} entities are asked for at once: ask in parts")
    return [dict(zip(entities, values, strict=True)) for values in zip(*entities.values(), strict=True)]
