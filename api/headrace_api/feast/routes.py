"""Online features for clients of Feast."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response

from headrace_api.errors import Missing, Unprocessable
from headrace_api.feast.columns import Column, answer, of_view
from headrace_api.feast.models import OnlineFeatures, OnlineFeaturesRequest
from headrace_api.feast.references import features_named, rows_of, view_named
from headrace_api.reading import ProjectPath
from headrace_api.vectors.access import Online, Vectors
from headrace_api.vectors.as_json import json_response
from headrace_projections.online.queries import Status, Vector
from headrace_projections.rows.groups import Group

router = APIRouter(prefix="/api/projects/{project}", tags=["feast"], strict_content_type=False)
"""Feast's client sends JSON without saying so."""

_NOTHING = Vector(status=Status.MISSING)


@router.post("/get-online-features", summary="Read online features as Feast does", response_model=OnlineFeatures)
async def get_online_features(project: ProjectPath, body: OnlineFeaturesRequest, online: Online) -> Response:
    """Column by column, the keys and then the features, each with values, statuses and event times.

    `feature_service` is a view, which leaves its labels out. Features of groups are asked for by their primary keys.
    """
    rows = rows_of(body.entities)
    if bool(body.features) == (body.feature_service is not None):
        raise Unprocessable("invalid-features", "name a feature_service, or features: one of the two")
    if body.feature_service is not None:
        name, version = await view_named(online.context.pool, project, body.feature_service)
        columns = of_view(await online.views.vectors(project, name, version, rows))
    else:
        columns = await _of_groups(online, project, body, rows)
    return json_response(answer(body.entities, columns, full_names=body.full_feature_names))


async def _of_groups(
    online: Vectors, project: str, body: OnlineFeaturesRequest, rows: Sequence[Mapping[str, Any]]
) -> list[Column]:
    """A column for each feature, in order; raises Missing, Unprocessable, Invalid."""
    columns: dict[int, Column] = {}
    keys: set[str] = set()
    for (name, version), asked in (await features_named(online.context.pool, project, body.features)).items():
        group = (await online.groups.group(project, name, version)).group
        if lacking := [key for key in group.primary_key if key not in body.entities]:
            message = f"name the whole primary key of {name!r} in entities: {', '.join(lacking)} is missing"
            raise Unprocessable("missing-key", message, {"missing": ", ".join(lacking)})
        keys.update(group.primary_key)
        vectors = await _vectors(online, group, rows)
        known = {column.name for column in group.columns}
        for place, feature in asked:
            if feature not in known:
                raise Missing("feature", f"{name}:{feature}")
            values = [vector.values.get(feature) for vector in vectors]
            columns[place] = Column(group=name, name=feature, values=values, vectors=vectors)
    if strange := sorted(set(body.entities) - keys):
        message = f"entities name {strange[0]!r}; use {', '.join(sorted(keys))}"
        raise Unprocessable("unknown-key", message, {"key": strange[0]})
    return [columns[place] for place in range(len(body.features))]


async def _vectors(online: Vectors, group: Group, rows: Sequence[Mapping[str, Any]]) -> list[Vector]:
    """The vector of each entity; one whose key is null has none."""
    entities = [{key: row[key] for key in group.primary_key} for row in rows]
    named = [entity for entity in entities if any(value is not None for value in entity.values())]
    found = iter(await online.groups.vectors(group.project, group.name, group.version, named))
    return [next(found) if any(value is not None for value in entity.values()) else _NOTHING for entity in entities]
