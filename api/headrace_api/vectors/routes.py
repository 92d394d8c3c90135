"""Online features by key."""

import base64
from typing import Any

import orjson
from fastapi import APIRouter, Response

from headrace_api.reading import ProjectPath
from headrace_api.vectors.access import Online
from headrace_api.vectors.models import Entries, Keys
from headrace_api.versions import Version

router = APIRouter(prefix="/api/projects/{project}", tags=["vectors"])


@router.post("/feature-groups/{name}/versions/{version}/vectors", summary="Read feature vectors of a group")
async def read_group_vectors(project: ProjectPath, name: str, version: Version, body: Keys, online: Online) -> Response:
    """For each key, in order: `status` (found, missing, deleted, expired), the `values` by column, the `event_time`."""
    vectors = await online.groups.vectors(project, name, version, body.keys)
    return _json(
        {
            "vectors": [
                {"status": vector.status, "values": vector.values, "event_time": vector.event_time}
                for vector in vectors
            ]
        }
    )


@router.post("/feature-views/{name}/versions/{version}/vectors", summary="Read feature vectors of a view")
async def read_view_vectors(
    project: ProjectPath, name: str, version: Version, body: Entries, online: Online
) -> Response:
    """For each entry, in order: `status` (complete, partial, missing), `values` and `statuses` as `features` has them.

    Labels are left out. A feature is found, passed, missing, deleted or expired.
    """
    found = await online.views.vectors(project, name, version, body.entries, body.passed_features)
    return _json(
        {
            "features": found.features,
            "vectors": [
                {"status": vector.status, "values": vector.values, "statuses": vector.statuses}
                for vector in found.vectors
            ],
        }
    )


def _json(answer: dict[str, Any]) -> Response:
    return Response(orjson.dumps(answer, default=_plain, option=orjson.OPT_UTC_Z), media_type="application/json")


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
