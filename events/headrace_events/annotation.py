"""What members say about feature groups and views: descriptions, keywords, tags, and that one is used no more.

It is said beside the thing, not in it: what a group or a view is never changes by what is said about it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Any

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.annotation_words import (
    Annotated,
    ChangeKeywords,
    Deprecate,
    Deprecated,
    Describe,
    Described,
    KeywordsSet,
    Tag,
    Tagged,
    Untag,
    Untagged,
)
from headrace_events.errors import Conflict, Invalid, NotFound
from headrace_events.external_feature_group import must_be_ours
from headrace_events.feature_group import FeatureGroup
from headrace_events.feature_view import FeatureView
from headrace_events.language import Command, Event, value
from headrace_events.tag_schema import TagSchema

MOST_KEYWORDS = 50
LONGEST_KEYWORD = 64
MOST_TAGS = 50
LONGEST_DESCRIPTION = 10_000

_Wish = Describe | Deprecate | ChangeKeywords | Tag | Untag


@value
class Annotations:
    """What is said about one thing; of texts, which they are (SHA-256), for whoever decides need not know them.

    `descriptions` are by feature, '' the thing's own; `tags` by their name.
    """

    descriptions: Mapping[str, str] = field(default_factory=dict)
    deprecated: bool = False
    keywords: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


UNTOLD = Annotations()
"""Of a thing nobody said anything about yet."""


def decide(state: Annotations | None, wish: Command, known: Known) -> list[Event]:
    """Speak of what is there, within bounds; say nothing twice in a row."""
    now = state or UNTOLD
    assert isinstance(wish, _Wish), unknown(wish)  # noqa: S101 - the register brings no other
    features = _features(wish, known)
    of: dict[str, Any] = {"kind_of": wish.kind_of, "name": wish.name, "version": wish.version}
    match wish:
        case Describe(description=text, feature=feature):
            _must_be_text(text)
            if feature is not None and feature not in features:
                raise NotFound("feature", feature)
            same = now.descriptions.get(feature or "") == _hash(text)
            return [] if same else [Described(**of, description=text, feature=feature)]
        case Deprecate(deprecated=deprecated):
            return [] if deprecated is now.deprecated else [Deprecated(**of, deprecated=deprecated)]
        case ChangeKeywords():
            keywords = _keywords(now, wish)
            return [] if keywords == now.keywords else [KeywordsSet(**of, keywords=keywords)]
        case Tag(tag=tag, value=text):
            schema = known.state(TagSchema, None, tag)
            if schema is None:
                raise NotFound("tag schema", tag)
            fitting = known.json_schemas.fitting(schema.schema, text)
            if tag not in now.tags and len(now.tags) >= MOST_TAGS:
                raise Conflict("too-many-tags", f"a thing has at most {MOST_TAGS} tags: take some away")
            return [] if now.tags.get(tag) == _hash(fitting) else [Tagged(**of, tag=tag, value=fitting)]
        case Untag(tag=tag):
            if tag not in now.tags:
                raise NotFound("tag", tag)
            return [Untagged(**of, tag=tag)]


def _features(wish: _Wish, known: Known) -> tuple[str, ...]:
    """The features of the group that is spoken of; raises NotFound where there is no such thing."""
    if wish.kind_of is Annotated.FEATURE_GROUP:
        group = known.state(FeatureGroup, wish.project, wish.name)
        version = group.version(wish.version) if group is not None else None
        if version is None:
            raise NotFound("feature group", f"{wish.name} version {wish.version}")
        must_be_ours(group, wish.name, wish.version, "describe it when you make it")
        return version.columns
    view = known.state(FeatureView, wish.project, wish.name)
    if view is None or not view.live(wish.version):
        raise NotFound("feature view", f"{wish.name} version {wish.version}")
    return ()


def _keywords(now: Annotations, wish: ChangeKeywords) -> tuple[str, ...]:
    """All keywords after the change; raises Invalid, Conflict, NotFound for one to take away that is not there."""
    for keyword in wish.add:
        if not 1 <= len(keyword) <= LONGEST_KEYWORD or keyword != keyword.strip() or not keyword.isprintable():
            raise Invalid(
                "invalid-keyword",
                f"a keyword is 1 to {LONGEST_KEYWORD} printable characters without space around, not {keyword[:80]!r}",
                {"keyword": keyword[:80]},
            )
    before = () if wish.replace else now.keywords
    for keyword in wish.remove:
        if keyword not in before:
            raise NotFound("keyword", keyword[:80])
    after = tuple(sorted({*before, *wish.add} - set(wish.remove)))
    if len(after) > MOST_KEYWORDS:
        raise Conflict("too-many-keywords", f"a thing has at most {MOST_KEYWORDS} keywords, and these are {len(after)}")
    return after


def _must_be_text(text: str) -> None:
    if len(text) > LONGEST_DESCRIPTION:
        raise Invalid(
            "description-too-long", f"a description has at most {LONGEST_DESCRIPTION} characters, and this {len(text)}"
        )
    if controls := _controls(text):
        raise Invalid("description-not-text", f"a description holds no control characters, as {', '.join(controls)}")


def _controls(text: Iterable[str]) -> list[str]:
    return sorted({hex(ord(one)) for one in text if ord(one) < 32 and one not in "\n\r\t"})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def evolve(state: Annotations | None, fact: Event) -> Annotations:
    """Fold one event."""
    now = state or UNTOLD
    match fact:
        case Described(description=text, feature=feature):
            return replace(now, descriptions={**now.descriptions, feature or "": _hash(text)})
        case Deprecated(deprecated=deprecated):
            return replace(now, deprecated=deprecated)
        case KeywordsSet(keywords=keywords):
            return replace(now, keywords=keywords)
        case Tagged(tag=tag, value=text):
            return replace(now, tags={**now.tags, tag: _hash(text)})
        case Untagged(tag=tag):
            return replace(now, tags={name: text for name, text in now.tags.items() if name != tag})
        case _:
            raise unknown(fact)


aggregate("annotation", Annotations, decide=decide, evolve=evolve)
