"""What members say about feature groups and views, and which tags there are."""

from headrace_events.annotation_words import Annotated, Deprecated, Described, KeywordsSet, Tagged, Untagged
from headrace_events.envelope import Recorded
from headrace_events.tag_schema import TagSchemaCreated
from headrace_projections.catalogue.apply.handlers import authored, on, project_of
from headrace_projections.changes import Change, Delete, Forget, Update, Upsert, Values

_TABLES = {Annotated.FEATURE_GROUP: "feature_groups", Annotated.FEATURE_VIEW: "feature_views"}
_Said = Described | Deprecated | KeywordsSet | Tagged | Untagged


def _thing(event: _Said, at: Recorded) -> Values:
    return {"project": project_of(at), "name": event.name, "version": event.version}


def _tag(event: Tagged | Untagged, at: Recorded) -> Values:
    return {
        "project": project_of(at),
        "kind": event.kind_of.value,
        "name": event.name,
        "version": event.version,
        "tag": event.tag,
    }


@on(Described)
def describe(event: Described, at: Recorded) -> list[Change]:
    """Show the newest description, of the whole thing or of one feature."""
    if event.feature is None:
        return [Update(_TABLES[event.kind_of], _thing(event, at), {"description": event.description})]
    key = {**_thing(event, at), "feature": event.feature}
    return [Upsert("feature_descriptions", key, {"description": event.description, **authored("described", at)})]


@on(Deprecated)
def deprecate(event: Deprecated, at: Recorded) -> list[Change]:
    """Show whether it is to be used no more."""
    return [Update(_TABLES[event.kind_of], _thing(event, at), {"deprecated": event.deprecated})]


@on(KeywordsSet)
def set_keywords(event: KeywordsSet, at: Recorded) -> list[Change]:
    """Show its keywords."""
    return [Update(_TABLES[event.kind_of], _thing(event, at), {"keywords": list(event.keywords)})]


@on(Tagged)
def tag(event: Tagged, at: Recorded) -> list[Change]:
    """Show the tag with its newest value."""
    return [Upsert("tags", _tag(event, at), {"value": event.value, **authored("tagged", at)})]


@on(Untagged)
def untag(event: Untagged, at: Recorded) -> list[Change]:
    """Show the tag no more."""
    return [Delete("tags", _tag(event, at))]


@on(TagSchemaCreated)
def list_tag_schema(event: TagSchemaCreated, at: Recorded) -> list[Change]:
    """Show the tag that may be put on things."""
    return [Upsert("tag_schemas", {"name": event.name}, {"schema": event.schema, **authored("created", at)})]


def forgotten(kind: Annotated, thing: Values) -> list[Change]:
    """Nothing is said any more about a thing that is deleted; it is named by project, name and version."""
    gone: list[Change] = [Forget("tags", {**thing, "kind": kind.value})]
    return [*gone, Forget("feature_descriptions", thing)] if kind is Annotated.FEATURE_GROUP else gone
