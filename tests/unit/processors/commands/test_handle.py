"""One command against the world."""

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.events.scenario import Scenario, platform, project

from headrace_events.ids import uuid7
from headrace_events.language import Command
from headrace_events.member import AddMember, ChangeRole, RemoveMember
from headrace_events.roles import Role
from headrace_events.user import CreateUser
from headrace_processors.commands.handle import Accepted, Refused, Repeated
from headrace_processors.commands.world import REMEMBERED_US


def test_the_same_request_again_has_the_stored_answer_and_no_event() -> None:
    scenario, one = platform(), uuid7()
    first = scenario.when(CreateUser(user="zoe"), "user:root-admin", command_id=one)
    again = scenario.when(CreateUser(user="zoe"), "user:root-admin", command_id=one)
    assert isinstance(first, Accepted)
    assert again == Repeated(b"stored")


def test_the_same_id_with_another_payload_is_refused_and_the_first_answer_stays() -> None:
    scenario, one = platform(), uuid7()
    scenario.when(CreateUser(user="zoe"), "user:root-admin", command_id=one)
    other = scenario.when(CreateUser(user="max"), "user:root-admin", command_id=one)
    assert isinstance(other, Refused)
    assert (other.refusal.code, other.remembered) == ("command-id-reused", False)
    assert scenario.when(CreateUser(user="zoe"), "user:root-admin", command_id=one) == Repeated(b"stored")


def test_a_refusal_is_an_answer_too() -> None:
    scenario, one = platform(), uuid7()
    scenario.when(CreateUser(user="zoe"), "user:ada", command_id=one)
    assert scenario.when(CreateUser(user="zoe"), "user:ada", command_id=one) == Repeated(b"stored")


def test_a_wrong_expected_version_changes_nothing() -> None:
    scenario = project()
    before = dict(scenario.world.aggregates)
    add = AddMember(project="flights", user="eve", role=Role.DATA_SCIENTIST)
    outcome = scenario.when(add, expected=7)
    assert isinstance(outcome, Refused)
    assert outcome.refusal.code == "wrong-version"
    assert outcome.refusal.details["actual"] == "2"
    assert scenario.world.aggregates == before
    assert isinstance(scenario.when(add, expected=2), Accepted)


def test_answers_are_forgotten_when_their_time_is_over() -> None:
    scenario = platform()
    scenario.when(CreateUser(user="zoe"), "user:root-admin")
    assert scenario.world.forgotten() == []
    scenario.world.now = type(scenario.world.now)(scenario.world.now + REMEMBERED_US + 1)
    assert len(scenario.world.forgotten()) == 1
    assert not scenario.world.answers


members = st.sampled_from(["ada", "bob", "eve", "root-admin"])
roles = st.sampled_from(list(Role))
wishes: st.SearchStrategy[Command] = st.one_of(
    st.builds(lambda user, role: AddMember(project="flights", user=user, role=role), members, roles),
    st.builds(lambda user, role: ChangeRole(project="flights", user=user, role=role), members, roles),
    st.builds(lambda user: RemoveMember(project="flights", user=user), members),
)


@given(st.lists(st.tuples(wishes, members), max_size=30))
def test_versions_and_sequence_numbers_have_no_gap_and_an_owner_always_remains(
    history: list[tuple[Command, str]],
) -> None:
    scenario: Scenario = project()
    version, seq = 2, 2
    for wish, actor in history:
        outcome = scenario.when(wish, f"user:{actor}")
        if isinstance(outcome, Accepted):
            for recorded in outcome.events:
                version, seq = version + 1, seq + 1
                assert (recorded.version, recorded.seq) == (version, seq)
        from headrace_events.member import Membership

        membership = scenario.world.state(Membership, "flights", "")
        assert membership is not None
        assert membership.owners()
