"""The page of permissions is what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace_api.permissions.__main__ import written
from headrace_broker.acls import Rule, member_rules
from headrace_broker.topics import project_topics
from headrace_events.permissions import PERMISSIONS
from headrace_events.roles import Role
from headrace_events.topic_rights import TOPIC_RIGHTS

PAGE = Path(__file__).parents[3] / "docs" / "permissions.md"


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text() == written(), "run `.venv/bin/python -m headrace_api.permissions > docs/permissions.md`"


def test_the_page_names_every_command_once() -> None:
    first_cells = [line.split(" | ")[0] for line in PAGE.read_text().splitlines()]
    for command in PERMISSIONS:
        assert first_cells.count(f"| `{command.wire}`") == 1, command


def test_every_kind_of_topic_that_a_project_has_is_in_the_table() -> None:
    kinds = {kind.name for kind in TOPIC_RIGHTS}
    assert {spec.name.removeprefix("fraud.") for spec in project_topics("fraud")} <= kinds
    assert {"features.", "topics."} <= kinds


@pytest.mark.parametrize("role", Role)
def test_no_rule_of_a_member_reaches_beyond_the_project(role: Role) -> None:
    rules = member_rules("fraud", "fraud__ada__1", role, granted=["fraud.topics.clicks"])
    assert {rule.kind for rule in rules} == {"topic", "group", "transactional-id"}
    assert {rule.operation for rule in rules} == {"read", "write"}
    assert all(rule.name.startswith("fraud.") for rule in rules)


def test_a_scientist_writes_to_granted_topics_and_no_other() -> None:
    rules = member_rules("fraud", "fraud__bob__1", Role.DATA_SCIENTIST, granted=["fraud.topics.clicks"])
    writable = {(rule.name, rule.prefixed) for rule in rules if (rule.kind, rule.operation) == ("topic", "write")}
    assert writable == {("fraud.runs", False), ("fraud.topics.clicks", False)}
    assert Rule("fraud__bob__1", "topic", "fraud.topics.", True, "write") not in rules
