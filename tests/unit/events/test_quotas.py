"""Quotas: set by administrators, counted on the state that decides, told by whoever is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, platform, project

from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.language import Command
from headrace_events.member import AddMember, RemoveMember
from headrace_events.project import CreateProject, DeleteProject, MarkDeleted
from headrace_events.quota import QUOTAS, Quota, QuotaChanged
from headrace_events.quota_setting import LARGEST, SetQuota
from headrace_events.roles import Role
from headrace_events.row_schema import Column
from headrace_events.searchspace import Dimension
from headrace_events.study import CreateStudy, Halving, ReportRung, ReportTrialFailure, StartTrial
from headrace_events.topic import ChangeTopic, CloseTopic, CreateTopic, OpenedTopic, RecordTopicOpened
from headrace_processors.commands.handle import Refused

ADMINISTRATOR = "user:root-admin"


def limited(**limits: int) -> Scenario:
    """The project, with these limits."""
    scenario = project()
    for name, limit in limits.items():
        scenario.events(SetQuota(project="flights", quota=name.replace("_", "-"), limit=limit), ADMINISTRATOR)
    return scenario


def topic(name: str, partitions: int = 1) -> CreateTopic:
    return CreateTopic(project="flights", name=name, partitions=partitions)


def group(name: str, partitions: int = 1) -> CreateFeatureGroup:
    columns = (Column(name="airport", type="string"),)
    return CreateFeatureGroup(
        project="flights", name=name, columns=columns, primary_key=("airport",), partitions=partitions
    )


def study(name: str, gpus: int = 0) -> CreateStudy:
    space = (Dimension(name="a", kind="double", values=("0", "1")),)
    halving = Halving(least_steps=1, reduction=2, rungs=1)
    return CreateStudy(
        project="flights",
        study=name,
        name="a",
        program="ab" * 32,
        program_name="a",
        environment=(),
        searchspace=space,
        trials=4,
        metric="a",
        halving=halving,
        gpus=gpus,
    )


def refused(scenario: Scenario, command: Command, actor: str = "user:ada") -> dict[str, str]:
    """What a command that a quota refuses tells."""
    outcome = scenario.when(command, actor)
    assert isinstance(outcome, Refused), outcome
    assert (outcome.refusal.code, outcome.refusal.kind) == ("quota-exceeded", "conflict")
    return dict(outcome.refusal.details)


def test_a_refused_command_says_which_quota_and_by_how_much() -> None:
    scenario = limited(topics=2)
    scenario.events(topic("a"))
    scenario.events(topic("b"))
    assert refused(scenario, topic("c")) == {"quota": "topics", "limit": "2", "used": "2", "asked": "1"}


def test_partitions_are_counted_one_by_one() -> None:
    scenario = limited(partitions=5)
    scenario.events(topic("a", 3))
    assert refused(scenario, topic("b", 3)) == {"quota": "partitions", "limit": "5", "used": "3", "asked": "3"}
    assert scenario.events(topic("c", 2)) != []


def test_partitions_that_a_topic_is_given_later_are_counted() -> None:
    scenario = limited(partitions=5)
    scenario.events(topic("a", 3))
    opened = OpenedTopic(name="flights.topics.a", topic_id="t", partitions=3, purpose="user")
    scenario.events(RecordTopicOpened(project="flights", topic=opened), "system:provisioning")
    more = ChangeTopic(project="flights", topic="flights.topics.a", partitions=6)
    assert refused(scenario, more) == {"quota": "partitions", "limit": "5", "used": "3", "asked": "3"}
    scenario.events(replace(more, partitions=5))
    assert refused(scenario, topic("b"))["used"] == "5"


def test_feature_groups_are_counted_with_their_topics() -> None:
    scenario = limited(topics=2, feature_groups=1)
    scenario.events(group("a"))
    assert refused(scenario, group("b"))["quota"] == "feature-groups"
    scenario.events(topic("a"))
    assert refused(scenario, topic("b"))["used"] == "2"


def test_what_is_closed_makes_room() -> None:
    scenario = limited(topics=1)
    scenario.events(topic("a"))
    opened = OpenedTopic(name="flights.topics.a", topic_id="t", partitions=1, purpose="user")
    scenario.events(RecordTopicOpened(project="flights", topic=opened), "system:provisioning")
    refused(scenario, topic("b"))
    scenario.events(CloseTopic(project="flights", topic="flights.topics.a"))
    assert scenario.events(topic("b")) != []


def test_members_are_counted_as_they_come_and_go() -> None:
    scenario = limited(members=2)
    add = AddMember(project="flights", user="eve", role=Role.DATA_SCIENTIST)
    assert refused(scenario, add)["used"] == "2"
    scenario.events(RemoveMember(project="flights", user="bob"))
    assert scenario.events(add) != []


def test_no_study_begins_once_the_processor_time_is_used_up_and_those_that_run_go_on() -> None:
    scenario = limited(cpu_seconds=100)
    scenario.events(study("s"))
    for trial in range(3):
        scenario.events(StartTrial(project="flights", study="s", trial=trial, parameters={}), "system:studies")
    report = ReportRung(project="flights", study="s", trial=0, rung=0, steps=1, metric=0.5, cpu_seconds=60.5)
    scenario.events(report, "system:studies")
    assert scenario.events(study("t")) != []
    failure = ReportTrialFailure(project="flights", study="s", trial=1, reason="boom", cpu_seconds=40.0)
    scenario.events(failure, "system:studies")
    assert refused(scenario, study("u")) == {"quota": "cpu-seconds", "limit": "100", "used": "101", "asked": "1"}
    last = ReportRung(project="flights", study="s", trial=2, rung=0, steps=1, metric=0.5, cpu_seconds=9.0)
    assert scenario.events(last, "system:studies") != []


def test_no_study_on_gpus_begins_once_the_gpu_time_is_used_up_and_others_do() -> None:
    scenario = limited(gpu_seconds=100)
    scenario.events(study("s", gpus=2))
    for trial in range(2):
        scenario.events(StartTrial(project="flights", study="s", trial=trial, parameters={}), "system:studies")
    report = ReportRung(
        project="flights", study="s", trial=0, rung=0, steps=1, metric=0.5, cpu_seconds=1.0, gpu_seconds=60.5
    )
    scenario.events(report, "system:studies")
    assert scenario.events(study("t", gpus=1)) != []
    failure = ReportTrialFailure(project="flights", study="s", trial=1, reason="boom", gpu_seconds=40.0)
    scenario.events(failure, "system:studies")
    expected = {"quota": "gpu-seconds", "limit": "100", "used": "101", "asked": "1"}
    assert refused(scenario, study("u", gpus=1)) == expected
    assert scenario.events(study("v")) != []


@pytest.mark.parametrize("code", ["invalid-cpu-seconds", "invalid-gpu-seconds"])
@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf"), 1e300])
def test_no_worker_takes_back_processor_or_gpu_time(seconds: float, code: str) -> None:
    scenario = project()
    scenario.events(study("s"))
    scenario.events(StartTrial(project="flights", study="s", trial=0, parameters={}), "system:studies")
    cpu, gpu = (seconds, None) if "cpu" in code else (None, seconds)
    report = ReportRung(
        project="flights", study="s", trial=0, rung=0, steps=1, metric=0.5, cpu_seconds=cpu, gpu_seconds=gpu
    )
    assert scenario.refusal(report, "system:studies") in {code, "non-finite-number"}


def test_only_administrators_say_how_much_a_project_may_have() -> None:
    command = SetQuota(project="flights", quota="topics", limit=5)
    assert project().events(command, ADMINISTRATOR) == [QuotaChanged(project="flights", quota=Quota.TOPICS, limit=5)]
    assert project().refusal(command, "user:ada") == "administrators-only"


def test_without_a_limit_the_platform_s_table_counts_again() -> None:
    scenario = limited(topics=0)
    refused(scenario, topic("a"))
    scenario.events(SetQuota(project="flights", quota="topics"), ADMINISTRATOR)
    assert scenario.events(SetQuota(project="flights", quota="topics"), ADMINISTRATOR) == []
    assert scenario.events(topic("a")) != []
    many = QUOTAS[Quota.TOPICS].default
    assert many is not None
    for number in range(many - 1):
        scenario.events(topic(f"t{number}"))
    assert refused(scenario, topic("z"))["limit"] == str(many)


def test_a_lower_quota_takes_nothing_away() -> None:
    scenario = limited(topics=2)
    scenario.events(topic("a"))
    scenario.events(topic("b"))
    scenario.events(SetQuota(project="flights", quota="topics", limit=1), ADMINISTRATOR)
    assert refused(scenario, topic("c")) == {"quota": "topics", "limit": "1", "used": "2", "asked": "1"}


@pytest.mark.parametrize(
    ("quota", "limit", "code"),
    [
        ("gold", 1, "unknown-quota"),
        ("topics", -1, "invalid-limit"),
        ("topics", LARGEST + 1, "invalid-limit"),
        ("fetch-bytes-per-second", 0, "invalid-limit"),
    ],
)
def test_a_quota_that_makes_no_sense_is_refused(quota: str, limit: int, code: str) -> None:
    assert project().refusal(SetQuota(project="flights", quota=quota, limit=limit), ADMINISTRATOR) == code


def test_a_project_has_quotas_from_the_wish_for_it_until_it_closes() -> None:
    command = SetQuota(project="flights", quota="topics", limit=5)
    assert platform().refusal(command, ADMINISTRATOR) == "project-not-found"
    scenario = platform()
    scenario.events(CreateProject(project="flights", owner="ada"))
    assert len(scenario.events(command, ADMINISTRATOR)) == 1
    closing = limited(topics=7)
    closing.events(DeleteProject(project="flights"))
    assert closing.refusal(command, ADMINISTRATOR) == "project-not-found"


def test_nothing_is_counted_of_a_deleted_project_and_its_quotas_are_gone() -> None:
    scenario = limited(topics=7)
    scenario.events(topic("a"))
    scenario.events(DeleteProject(project="flights"))
    scenario.events(MarkDeleted(project="flights"), "system:provisioning")
    assert scenario.world.usage == {}
    assert [key for key in scenario.world.aggregates if key.kind == "quota"] == []
