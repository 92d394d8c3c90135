"""What members say about feature groups and views: of what is there, within bounds, and nothing twice in a row."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.events.scenario import Scenario
from tests.unit.events.test_deleted_features import GONE, VIEW_GONE, flights
from tests.unit.events.test_feature_groups import VIEW

from headrace_events.annotation import MOST_KEYWORDS, MOST_TAGS, Annotations
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
from headrace_events.tag_schema import CreateTagSchema, TagSchemaCreated
from headrace_schemas.records import from_record, to_record

GROUP: dict[str, Any] = {"kind_of": Annotated.FEATURE_GROUP, "name": "weather", "version": 1}
DESCRIBE = Describe(project="flights", **GROUP, description="by the hour")
DEPRECATE = Deprecate(project="flights", **GROUP, deprecated=True)
KEYWORDS = ChangeKeywords(project="flights", **GROUP)
TAG = Tag(project="flights", **GROUP, tag="owner", value='{"team": "meteorology"}')
UNTAG = Untag(project="flights", **GROUP, tag="owner")
OWNER = CreateTagSchema(
    name="owner",
    schema=json.dumps({"type": "object", "properties": {"team": {"type": "string"}}, "required": ["team"]}),
)
ADMINISTRATOR = "user:root-admin"


def described() -> Scenario:
    """The project with its groups and the view, where there is a tag `owner`."""
    scenario = flights()
    scenario.events(VIEW)
    scenario.events(OWNER, ADMINISTRATOR)
    return scenario


def test_every_member_describes_and_the_same_again_is_nothing_new() -> None:
    scenario = described()
    assert scenario.events(DESCRIBE, "user:bob") == [Described(**GROUP, description="by the hour")]
    assert scenario.events(DESCRIBE) == []
    feature = replace(DESCRIBE, feature="temp")
    assert scenario.events(feature) == [Described(**GROUP, description="by the hour", feature="temp")]
    assert scenario.refusal(replace(DESCRIBE, feature="gusts")) == "feature-not-found"
    assert scenario.refusal(DESCRIBE, "user:eve") == "project-not-found"


@pytest.mark.parametrize(
    ("text", "code"), [("x" * 10_001, "description-too-long"), ("bell \x07", "description-not-text")]
)
def test_a_description_is_text_and_not_too_long(text: str, code: str) -> None:
    assert described().refusal(replace(DESCRIBE, description=text)) == code


def test_only_owners_deprecate() -> None:
    scenario = described()
    assert scenario.refusal(DEPRECATE, "user:bob") == "owners-only"
    assert scenario.events(replace(DEPRECATE, deprecated=False)) == []
    assert scenario.events(DEPRECATE) == [Deprecated(**GROUP, deprecated=True)]
    assert scenario.events(DEPRECATE) == []


def test_keywords_are_added_replaced_and_taken_away() -> None:
    scenario = described()
    added = scenario.events(replace(KEYWORDS, add=("wind", "hourly", "wind")))
    assert added == [KeywordsSet(**GROUP, keywords=("hourly", "wind"))]
    assert scenario.events(replace(KEYWORDS, add=("wind",))) == []
    assert scenario.events(replace(KEYWORDS, remove=("hourly",))) == [KeywordsSet(**GROUP, keywords=("wind",))]
    assert scenario.refusal(replace(KEYWORDS, remove=("hourly",))) == "keyword-not-found"
    replaced = scenario.events(replace(KEYWORDS, add=("rain",), replace=True))
    assert replaced == [KeywordsSet(**GROUP, keywords=("rain",))]


@pytest.mark.parametrize("keyword", ["", " wind", "wind ", "wi\nnd", "x" * 65])
def test_a_keyword_is_a_few_words_on_one_line(keyword: str) -> None:
    assert described().refusal(replace(KEYWORDS, add=(keyword,))) == "invalid-keyword"


def test_keywords_are_bounded() -> None:
    scenario = described()
    most = tuple(str(number) for number in range(MOST_KEYWORDS))
    scenario.events(replace(KEYWORDS, add=most))
    assert scenario.refusal(replace(KEYWORDS, add=("one more",))) == "too-many-keywords"


def test_a_tag_fits_its_schema() -> None:
    scenario = described()
    assert scenario.events(TAG, "user:bob") == [Tagged(**GROUP, tag="owner", value='{"team":"meteorology"}')]
    assert scenario.events(replace(TAG, value='{ "team": "meteorology" }')) == []
    assert scenario.refusal(replace(TAG, value='{"team": 1}')) == "tag-value-mismatch"
    assert scenario.refusal(replace(TAG, value="{}")) == "tag-value-mismatch"
    assert scenario.refusal(replace(TAG, value="{")) == "invalid-tag-value"
    assert scenario.refusal(replace(TAG, tag="nobodys")) == "tag-schema-not-found"
    assert scenario.events(UNTAG) == [Untagged(**GROUP, tag="owner")]
    assert scenario.refusal(UNTAG) == "tag-not-found"


def test_tags_are_bounded() -> None:
    scenario = described()
    for number in range(MOST_TAGS):
        scenario.events(replace(OWNER, name=f"tag_{number}", schema="{}"), ADMINISTRATOR)
        scenario.events(replace(TAG, tag=f"tag_{number}"))
    assert scenario.refusal(TAG) == "too-many-tags"
    scenario.events(replace(TAG, tag="tag_0", value="1"))


def test_administrators_say_once_which_tags_there_are() -> None:
    scenario = described()
    assert scenario.refusal(replace(OWNER, name="cost"), "user:ada") == "administrators-only"
    assert scenario.refusal(OWNER, ADMINISTRATOR) == "tag-schema-exists"
    assert scenario.refusal(replace(OWNER, name="Cost Centre"), ADMINISTRATOR) == "invalid-name"
    (created,) = scenario.events(replace(OWNER, name="cost", schema='{ "type": "number" }'), ADMINISTRATOR)
    assert created == TagSchemaCreated(name="cost", schema='{"type":"number"}')


def test_of_what_is_not_there_nothing_is_said() -> None:
    scenario = described()
    assert scenario.refusal(replace(DESCRIBE, version=2)) == "feature-group-not-found"
    of_view = replace(DESCRIBE, kind_of=Annotated.FEATURE_VIEW, name="delays")
    scenario.events(of_view)
    assert scenario.refusal(replace(of_view, feature="temp")) == "feature-not-found"
    scenario.events(VIEW_GONE)
    assert scenario.refusal(of_view) == "feature-view-not-found"
    scenario.events(GONE)
    for wish in (DESCRIBE, DEPRECATE, replace(KEYWORDS, add=("a",)), TAG, UNTAG):
        assert scenario.refusal(wish) == "feature-group-not-found"


def test_what_is_said_survives_its_snapshot() -> None:
    scenario = described()
    for wish in (DESCRIBE, DEPRECATE, replace(KEYWORDS, add=("a",)), TAG):
        scenario.events(wish)
    state = scenario.world.state(Annotations, "flights", DESCRIBE.key)
    assert state is not None
    assert from_record(Annotations, to_record(state)) == state
