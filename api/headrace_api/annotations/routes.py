"""What members say about feature groups and views: descriptions, keywords, tags."""

import json
from typing import Annotated

from fastapi import APIRouter, Path

from headrace_api.annotations.models import Deprecation, Keywords, NewDescription, TagValue
from headrace_api.annotations.thing import Thing
from headrace_api.errors import Missing
from headrace_api.reading import Reading
from headrace_api.sending import Accepted, Sending
from headrace_events.annotation_words import ChangeKeywords, Deprecate, Describe, Tag, Untag
from headrace_projections.catalogue.queries import tags as queries
from headrace_projections.catalogue.queries.tags import TagRow

router = APIRouter(prefix="/api/projects/{project}/{things}/{name}/versions/{version}", tags=["annotations"])

Named = Annotated[str, Path(max_length=200)]


@router.put("/description", summary="Describe a feature group or view")
async def describe(thing: Thing, body: NewDescription, sending: Sending) -> Accepted:
    """Say what the version is; for members."""
    return await sending.send(thing.command(Describe, description=body.description))


@router.put("/features/{feature}/description", summary="Describe a feature")
async def describe_feature(thing: Thing, feature: Named, body: NewDescription, sending: Sending) -> Accepted:
    """Say what one feature of a group is; for members."""
    return await sending.send(thing.command(Describe, description=body.description, feature=feature))


@router.put("/deprecated", summary="Deprecate a feature group or view")
async def deprecate(thing: Thing, body: Deprecation, sending: Sending) -> Accepted:
    """Say whether the version is to be used no more: whoever gets it is warned. For Data Owners."""
    return await sending.send(thing.command(Deprecate, deprecated=body.deprecated))


@router.put("/keywords", summary="Set keywords")
async def set_keywords(thing: Thing, body: Keywords, sending: Sending) -> Accepted:
    """Give the version these keywords, and no others; for members."""
    return await sending.send(thing.command(ChangeKeywords, add=body.keywords, replace=True))


@router.post("/keywords", status_code=201, summary="Add keywords")
async def add_keywords(thing: Thing, body: Keywords, sending: Sending) -> Accepted:
    """Give the version these keywords too; for members."""
    return await sending.send(thing.command(ChangeKeywords, add=body.keywords))


@router.delete("/keywords/{keyword:path}", summary="Delete a keyword")
async def delete_keyword(thing: Thing, keyword: Named, sending: Sending) -> Accepted:
    """Take a keyword away; for members."""
    return await sending.send(thing.command(ChangeKeywords, remove=[keyword]))


@router.get("/tags", summary="List tags")
async def list_tags(thing: Thing, reading: Reading) -> list[TagRow]:
    """The version's tags, by name; a value is the text of JSON."""
    found = await queries.tags(reading.context.pool, thing.project, thing.kind, thing.name, thing.version)
    if found is None:
        raise Missing(thing.kind.replace("_", " "), f"{thing.name} version {thing.version}")
    return found


@router.put("/tags/{tag}", summary="Tag a feature group or view")
async def tag(thing: Thing, tag: Named, body: TagValue, sending: Sending) -> Accepted:
    """Put a tag on the version, or another value in its place; the value fits the tag's schema. For members."""
    return await sending.send(thing.command(Tag, tag=tag, value=json.dumps(body.value, separators=(",", ":"))))


@router.delete("/tags/{tag}", summary="Delete a tag")
async def untag(thing: Thing, tag: Named, sending: Sending) -> Accepted:
    """Take a tag away; for members."""
    return await sending.send(thing.command(Untag, tag=tag))
