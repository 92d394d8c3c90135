"""Making the catalogue again, beside the live one."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest
from tests.integration.platform import Platform
from tests.integration.projections.catalogue.conftest import Catalogue

from headrace_events.ids import Micros, uuid7
from headrace_events.user import CreateUser
from headrace_projections.errors import AlreadyRebuilding, NoSuchMoment
from headrace_projections.moments import AtSeq, AtTime
from headrace_projections.postgres import connect
from headrace_projections.rebuilt import Advance, Rebuilt
from headrace_projections.tables import only_rebuild


def a_name() -> str:
    return f"r{uuid7()[-12:]}"


def test_rebuilt_equals_live(platform: Platform, catalogue: Catalogue) -> None:
    platform.project()
    catalogue.catch_up()
    said: list[Advance] = []
    outcome = catalogue.rebuild().rebuild(verify=True, report=said.append)
    assert outcome.equal
    assert outcome.live_digest == outcome.rebuilt_digest
    assert outcome.events == len(platform.events())
    assert said
    assert catalogue.ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'catalogue%%'") == [("catalogue",)]


def test_a_rebuild_under_load_ends_equal_and_the_projector_goes_on(platform: Platform, catalogue: Catalogue) -> None:
    stop = threading.Event()
    names: list[str] = []

    def work() -> None:
        while not stop.is_set():
            names.append(a_name())
            platform.send(CreateUser(user=names[-1]))

    with catalogue.following():
        worker = threading.Thread(target=work)
        worker.start()
        outcomes = []
        try:
            catalogue.until("SELECT 1 FROM catalogue.users WHERE user_name = 'root-admin'")
            for _ in range(3):
                outcomes.append(catalogue.rebuild().rebuild(verify=True))
            assert catalogue.rebuild().rebuild().events >= outcomes[-1].events
        finally:
            stop.set()
            worker.join(60)
        assert [outcome.equal for outcome in outcomes] == [True] * 3
        catalogue.until("SELECT 1 FROM catalogue.users WHERE user_name = %s", names[-1])
    assert catalogue.rebuild().rebuild(verify=True).equal


DAMAGES = {
    "a changed cell": (
        "UPDATE catalogue.users SET administrator = true WHERE user_name = 'ada'",
        "ada",
        "administrator",
    ),
    "a missing row": ("DELETE FROM catalogue.users WHERE user_name = 'ada'", "ada", ""),
    "an extra row": (
        "INSERT INTO catalogue.users (user_name, administrator, standing, reason, created_seq, created_time, "
        "standing_by, standing_seq, standing_time) SELECT 'ghost', administrator, standing, reason, created_seq, "
        "created_time, standing_by, standing_seq, standing_time FROM catalogue.users WHERE user_name = 'ada'",
        "ghost",
        "",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_by_hand_is_named_and_repaired(platform: Platform, catalogue: Catalogue, damage: str) -> None:
    sql, row, column = DAMAGES[damage]
    platform.user("ada")
    catalogue.catch_up()
    catalogue.ask(sql)
    outcome = catalogue.rebuild().rebuild(verify=True)
    assert outcome.equal is False
    assert outcome.differing == 1
    (difference,) = outcome.differences
    assert (difference.table, difference.row, difference.column) == ("users", row, column)
    assert difference.live != difference.rebuilt
    assert catalogue.rebuild().rebuild(verify=True).equal


def test_a_wrong_sequence_number_in_the_checkpoint_is_damage_too(platform: Platform, catalogue: Catalogue) -> None:
    platform.project()
    catalogue.catch_up()
    catalogue.ask("UPDATE catalogue.checkpoint SET seq = seq + 1 WHERE topic = 'headrace.platform'")
    outcome = catalogue.rebuild().rebuild(verify=True)
    assert [(one.table, one.column) for one in outcome.differences] == [("checkpoint", "seq")]


def test_the_wall_clock_is_no_difference(platform: Platform, catalogue: Catalogue) -> None:
    platform.user("ada")
    catalogue.catch_up()
    catalogue.ask("UPDATE catalogue.checkpoint SET updated_at = '2001-01-01'")
    assert catalogue.rebuild().rebuild(verify=True).equal


def test_a_catalogue_that_is_not_there_is_made(platform: Platform, catalogue: Catalogue) -> None:
    outcome = catalogue.rebuild().rebuild(verify=True)
    assert outcome.equal is None
    assert outcome.events == len(platform.events())
    catalogue.catch_up()


def test_as_of_an_event_is_how_it_was_then(platform: Platform, catalogue: Catalogue) -> None:
    project = platform.project(owner="ada", scientist="bob")
    catalogue.catch_up()
    first = catalogue.rebuild().rebuild(as_of=AtSeq(project, 1))
    members = f"SELECT user_name FROM {first.place}.members WHERE project = %s ORDER BY 1"
    assert first.place.startswith("catalogue_as_of_")
    assert catalogue.ask(members, project) == [("ada",)]
    assert catalogue.ask(members.replace(first.place, "catalogue"), project) == [("ada",), ("bob",)]


def test_as_of_a_time_is_what_the_log_had_by_then(platform: Platform, catalogue: Catalogue) -> None:
    platform.project()
    events = platform.events()
    middle = sorted(event.time for event in events)[len(events) // 2]
    outcome = catalogue.rebuild().rebuild(as_of=AtTime(Micros(middle)))
    assert outcome.events == sum(event.time <= middle for event in events)
    with pytest.raises(NoSuchMoment, match="no event number"):
        catalogue.rebuild().rebuild(as_of=AtSeq("", 1_000_000))


def test_one_rebuild_at_a_time(catalogue: Catalogue) -> None:
    with (
        connect(catalogue.dsn, "test") as database,
        only_rebuild(database, "catalogue"),
        pytest.raises(AlreadyRebuilding),
    ):
        catalogue.rebuild().rebuild()


def run(catalogue: Catalogue, *arguments: str) -> tuple[int, str]:
    command = (sys.executable, "-m", "headrace_projections.rebuild", "catalogue", *arguments)
    done = subprocess.run(command, env=catalogue.environment(), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_the_command_exits_non_zero_where_the_live_one_was_wrong(platform: Platform, catalogue: Catalogue) -> None:
    platform.user("ada")
    catalogue.catch_up()
    catalogue.ask(DAMAGES["a changed cell"][0])
    code, text = run(catalogue, "--verify")
    assert code == 1
    assert "users ada administrator: was 'true', is 'false'" in text
    code, text = run(catalogue, "--verify", "--json")
    assert code == 0
    outcome = Rebuilt(**json.loads(text))
    assert (outcome.equal, outcome.skipped, outcome.name) == (True, 0, "catalogue")
    assert run(catalogue, "--as-of", "1000000") == (2, "")
