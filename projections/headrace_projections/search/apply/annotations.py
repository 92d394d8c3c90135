"""What members say about feature groups and views, so that they are found by it."""

from headrace_events.annotation_words import Annotated, Deprecated, Described, KeywordsSet, Tagged, Untagged
from headrace_projections.lineage import node
from headrace_projections.lineage.node import Node
from headrace_projections.search.document import Document
from headrace_projections.search.telling import Telling, on

_KEYWORD, _TAG = "keyword ", "tag "
"""What texts begin with that say such things."""


def _thing(event: Described | Deprecated | KeywordsSet | Tagged | Untagged) -> Node:
    named = node.feature_group if event.kind_of is Annotated.FEATURE_GROUP else node.feature_view
    return named(event.name, event.version)


def _without(texts: tuple[str, ...], start: str) -> tuple[str, ...]:
    return tuple(text for text in texts if not text.startswith(start))


@on(Described)
def described(told: Telling[Described]) -> list[Document]:
    """It, or one of its columns, is described anew."""
    event = told.event
    if event.feature is None:
        return told.again(_thing(event), description=event.description)
    found = told.before(_thing(event))
    before = found.columns if found is not None else ()
    said = f"{event.feature} {event.description}".rstrip()
    columns = tuple(said if column.partition(" ")[0] == event.feature else column for column in before)
    return told.again(_thing(event), columns=columns)


@on(Deprecated)
def deprecated(told: Telling[Deprecated]) -> list[Document]:
    """It is to be used no more, or it is again."""
    return told.again(_thing(told.event), state="deprecated" if told.event.deprecated else "created")


@on(KeywordsSet)
def keywords_set(told: Telling[KeywordsSet]) -> list[Document]:
    """It has these keywords."""
    found = told.before(_thing(told.event))
    others = _without(found.text, _KEYWORD) if found is not None else ()
    return told.again(_thing(told.event), text=(*others, *(f"{_KEYWORD}{one}" for one in told.event.keywords)))


@on(Tagged)
def tagged(told: Telling[Tagged]) -> list[Document]:
    """It has this tag."""
    start = f"{_TAG}{told.event.tag} "
    found = told.before(_thing(told.event))
    others = _without(found.text, start) if found is not None else ()
    return told.again(_thing(told.event), text=(*others, f"{start}{told.event.value}"))


@on(Untagged)
def untagged(told: Telling[Untagged]) -> list[Document]:
    """It has the tag no more."""
    found = told.before(_thing(told.event))
    others = _without(found.text, f"{_TAG}{told.event.tag} ") if found is not None else ()
    return told.again(_thing(told.event), text=others)
