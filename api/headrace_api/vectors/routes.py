"""Online features by key."""

from fastapi import APIRouter, Response

from headrace_api.kinds import of_kind
from headrace_api.reading import ProjectPath
from headrace_api.vectors.access import Online
from headrace_api.vectors.arrow import MEDIA_TYPE, WantsArrow, group_stream, view_stream
from headrace_api.vectors.as_json import json_response
from headrace_api.vectors.models import Entries, Keys
from headrace_api.versions import Version
from headrace_projections.online.view_vectors import ViewVectors

router = APIRouter(prefix="/api/projects/{project}", tags=["vectors"])


@router.post(
    "/feature-groups/{name}/versions/{version}/vectors",
    summary="Read feature vectors of a group",
    responses=of_kind(MEDIA_TYPE),
)
async def read_group_vectors(  # noqa: PLR0917 - FastAPI passes all of them by name
    project: ProjectPath, name: str, version: Version, body: Keys, online: Online, arrow: WantsArrow
) -> Response:
    """For each key, in order: `status` (found, missing, deleted, expired), the `values` by column, the `event_time`.

    With `Accept: application/vnd.apache.arrow.stream`, a table of the columns, `_status` and `_event_time`.
    """
    vectors = await online.groups.vectors(project, name, version, body.keys)
    if arrow:
        group = (await online.groups.group(project, name, version)).group
        types = {column.name: column.type for column in group.columns}
        return Response(group_stream(types, vectors), media_type=MEDIA_TYPE)
    return json_response(
        {
            "vectors": [
                {"status": vector.status, "values": vector.values, "event_time": vector.event_time}
                for vector in vectors
            ]
        }
    )


@router.post(
    "/feature-views/{name}/versions/{version}/vectors",
    summary="Read feature vectors of a view",
    responses=of_kind(MEDIA_TYPE),
)
async def read_view_vectors(  # noqa: PLR0917 - FastAPI passes all of them by name
    project: ProjectPath, name: str, version: Version, body: Entries, online: Online, arrow: WantsArrow
) -> Response:
    """For each entry, in order: `status` (complete, partial, missing), `values` and `statuses` as `features` has them.

    Labels and helpers are left out. A feature is found, passed, missing, deleted or expired. With
    `Accept: application/vnd.apache.arrow.stream`, a table of the features, `_status` and `_statuses`.
    """
    if not arrow:
        told = await online.ready.told(project, name, version, body.entries, body.passed_features)
        if told is not None:
            return Response(told, media_type="application/json")
    found = await online.views.vectors(project, name, version, body.entries, body.passed_features)
    if arrow:
        return Response(view_stream(found), media_type=MEDIA_TYPE)
    return _told(found)


@router.post("/feature-views/{name}/versions/{version}/inference-helpers", summary="Read inference helpers of a view")
async def read_inference_helpers(
    project: ProjectPath, name: str, version: Version, body: Entries, online: Online
) -> Response:
    """For each entry, in order, what the view has for whoever asks a model, and the model does not see: as for vectors.

    `features` names the inference helpers; each is found, passed, missing, deleted or expired.
    """
    return _told(await online.helpers.vectors(project, name, version, body.entries, body.passed_features))


def _told(found: ViewVectors) -> Response:
    return json_response(
        {
            "features": found.features,
            "vectors": [
                {"status": vector.status, "values": vector.values, "statuses": vector.statuses}
                for vector in found.vectors
            ],
        }
    )
