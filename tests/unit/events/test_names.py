"""Names that can and cannot be given."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.events.scenario import platform, project

from headrace_events.errors import Invalid
from headrace_events.ids import RESERVED, project_name, user_name, uuid7
from headrace_events.project import CreateProject
from headrace_events.topic import CreateTopic
from headrace_events.user import CreateUser


@pytest.mark.parametrize(
    "name", ["a.b", "a/b", "Ab-c", "ab", "-abc", "abc-", "a" * 31, "a__b", "a--b", "ünicode", "abc\n"]
)
def test_a_project_cannot_be_called(name: str) -> None:
    with pytest.raises(Invalid):
        project_name(name)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_names_are_taken(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        user_name(name)
    assert caught.value.code == "reserved-name"


@given(st.from_regex(r"[a-z][a-z0-9]{1,28}[a-z0-9]", fullmatch=True))
def test_a_project_name_never_holds_what_an_access_rule_would_split(name: str) -> None:
    if name in RESERVED:
        return
    made = project_name(name)
    assert "." not in made
    assert "__" not in made


def test_names_are_taken_once() -> None:
    scenario = platform()
    scenario.events(CreateProject(project="mine", owner="bob"), "user:bob")
    assert scenario.refusal(CreateProject(project="mine", owner="bob"), "user:bob") == "project-exists"
    assert scenario.refusal(CreateUser(user="ada"), "user:root-admin") == "user-exists"


def test_a_topic_name_cannot_leave_its_prefix() -> None:
    assert project().refusal(CreateTopic(project="flights", name="../events")) == "invalid-name"
    assert project().refusal(CreateTopic(project="flights", name="a.b")) == "invalid-name"


def test_new_ids_are_uuids_of_version_seven_in_the_order_of_time() -> None:
    ids = [uuid7() for _ in range(100)]
    assert {uuid.UUID(one).version for one in ids} == {7}
    assert [one[:13] for one in ids] == sorted(one[:13] for one in ids)
