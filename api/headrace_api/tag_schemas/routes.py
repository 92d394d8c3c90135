"""Which tags there are, and what their values look like."""

import json
from typing import Annotated

from fastapi import APIRouter, Path

from headrace_api.errors import Missing
from headrace_api.reading import WholePlatformReading
from headrace_api.sending import Accepted, PlatformSending
from headrace_api.tag_schemas.models import NewTagSchema
from headrace_events.access import Access
from headrace_events.tag_schema import CreateTagSchema
from headrace_projections.catalogue.queries import tags as queries
from headrace_projections.catalogue.queries.tags import TagSchemaRow

router = APIRouter(prefix="/api/tag-schemas", tags=["tag schemas"])


@router.post("", status_code=201, summary="Create a tag")
async def create_tag_schema(body: NewTagSchema, sending: PlatformSending) -> Accepted:
    """Let there be tags of that name, whose values fit the schema; for administrators. It never changes."""
    schema = json.dumps(body.json_schema, separators=(",", ":"))
    return await sending.send(CreateTagSchema(name=body.name, schema=schema))


@router.get("", summary="List tags that there are")
async def list_tag_schemas(reading: WholePlatformReading) -> list[TagSchemaRow]:
    """All of them, by name; a schema is the text of JSON."""
    reading.must(Access.TAG_SCHEMAS)
    return await queries.tag_schemas(reading.context.pool)


@router.get("/{tag}", summary="Show a tag that there is")
async def get_tag_schema(tag: Annotated[str, Path(max_length=200)], reading: WholePlatformReading) -> TagSchemaRow:
    """The tag with its schema."""
    reading.must(Access.TAG_SCHEMAS)
    found = await queries.tag_schemas(reading.context.pool, tag)
    if not found:
        raise Missing("tag schema", tag)
    return found[0]
