"""A sensitive project from outside: what its scientists get from brokers and API, and what is told of it."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path

import pytest
from tests.asking import Route, routes, told
from tests.e2e.guides import blocks
from tests.integration.clients import eventually
from tests.integration.processors.test_provisioning import can_produce, can_read
from tests.integration.sdk.test_sharing import pages, refused
from tests.integration.served import Served, unique

import headrace
from headrace_events.access import Access

GUIDE = Path(__file__).parents[3] / "docs" / "sandbox.md"
CLICK = {"type": "record", "name": "Click", "fields": [{"name": "page", "type": "string"}]}


@pytest.fixture(autouse=True)
def at_home(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients keep their files in the home of the test's stack."""
    monkeypatch.setenv("HEADRACE_HOME", str(served.home))


def with_clicks(project: headrace.Project) -> str:
    """A topic of the project with two records; its full name."""
    topic = project.get_kafka_api().create_topic("clicks").name
    project.get_schema_registry().register(f"{topic}-value", CLICK)
    project.get_kafka_api().produce("clicks", [{"page": "/"}, {"page": "/news"}])
    return topic


def test_the_mark_cuts_a_scientist_off_from_data_and_leaves_owners_what_they_have(
    served: Served, tmp_path: Path
) -> None:
    name = served.new_project()
    scientist = served.platform.member_connection(name, "bob", tmp_path / "bob")
    owner = served.platform.member_connection(name, "ada", tmp_path / "ada")
    with served.project("ada", name) as ada, served.project("bob", name) as bob:
        topic = with_clicks(ada)
        ada.get_kafka_api().grant("clicks", "bob")
        eventually(lambda: True if can_produce(scientist, topic) else None, "the grant to hold")
        reader = bob.consumer(topic, unique("reader"))
        assert pages(reader, 2) == ["/", "/news"]
        assert not ada.sensitive
        asked = time.monotonic()
        ada.mark_sensitive()
        eventually(lambda: refused(reader), "the open consumer to be cut off", 30)
        print(f"an open consumer was cut off {time.monotonic() - asked:.2f} s after the mark was asked for")
        reader.close()
        assert bob.sensitive
        renewed = served.platform.member_connection(name, "bob", tmp_path / "renewed")
        for theirs in (scientist, renewed):
            assert can_read(theirs, f"{name}.events")
            assert can_read(theirs, f"{name}.runs")
            for data in (topic, f"{name}.predictions", f"{name}.outcomes", f"{name}.deadletters"):
                assert not can_read(theirs, data)
            assert not can_produce(theirs, topic)
        assert can_read(owner, topic)
        assert can_produce(owner, topic)
        with pytest.raises(headrace.Forbidden) as not_hers:
            ada.unmark_sensitive()
        assert not_hers.value.code == "administrators-only"
    with served.administrator() as administrator:
        administrator.get_project(name).unmark_sensitive()
    eventually(lambda: True if can_read(renewed, topic) else None, "the brokers to open again")
    assert can_produce(renewed, topic)


def test_the_api_gives_data_of_a_sensitive_project_to_its_owners_only_and_tells_of_who_asked(served: Served) -> None:
    served.platform.stack.stack.up(["audit"], report=print)
    name = served.new_project()
    content = b"rows"
    file = f"/api/projects/{name}/artifacts/{sha256(content).hexdigest()}"
    assert served.ask("PUT", file, key=served.key("bob"), content=content).status_code == 201
    with served.project("ada", name) as ada:
        ada.mark_sensitive()
        # First: of a flood of refusals not all are told.
        eventually(
            lambda: served.ask("GET", file, key=served.key("bob")).status_code == 403 or None, "the mark to be seen"
        )
        asked = [route for route in routes(served.ask("GET", "/openapi.json").json()) if _reads(route)]
        data = {route.operation for route in asked if Access.PROJECT_DATA in route.asked}
        assert data >= {
            "artifacts-get_artifact",
            "rows-read_rows",
            "vectors-read_view_vectors",
            "feature_monitors-get_run",
        }
        codes = {who: {one.operation: _code(served, one, name, who) for one in asked} for who in ("ada", "bob", "")}
        for who in ("bob", ""):  # a scientist, and an administrator who is no member
            assert {operation for operation, code in codes[who].items() if code == "data-stays-inside"} == data
        assert "data-stays-inside" not in codes["ada"].values()
        assert served.ask("GET", file, key=served.key("ada")).content == content

        def line() -> headrace.AuditEntry | None:
            found = ada.audit(user="bob", refused=True)
            return next((one for one in found if (one.act, one.code) == ("artifacts.read", "data-stays-inside")), None)

        assert eventually(line, "the trail to tell of it").outcome == "refused"


def _reads(route: Route) -> bool:
    """Whether it asks for something of one project, and sends no command."""
    return route.in_project and all(asked in {Access.PROJECT, Access.PROJECT_DATA} for asked in route.asked)


def _code(served: Served, route: Route, project: str, who: str) -> str:
    """The code of the answer; none where it gives what it was asked for."""
    key = {"key": served.key(who)} if who else {}
    request = route.request(project)
    answer = served.ask(request.pop("method"), request.pop("url"), **key, **request)
    return told(answer) if answer.is_error else ""


def test_nothing_is_shared_with_a_sensitive_project_and_what_was_rests(served: Served) -> None:
    with (
        served.project("ada", served.new_project("ada", None)) as flights,
        served.project("eve", served.new_project("eve")) as fraud,
    ):
        topic = with_clicks(flights)
        share = flights.get_kafka_api().share_topic("clicks", fraud.name)
        fraud.get_shares_api().accept(share.id)
        reader = fraud.consumer(topic, unique("reader"))
        assert pages(reader, 2) == ["/", "/news"]
        fraud.mark_sensitive()
        eventually(lambda: refused(reader), "the open consumer to be cut off", 30)
        reader.close()
        assert fraud.get_schema_registry().get_subjects() == []

        def opened() -> bool:
            return flights.get_shares()[0].open

        eventually(lambda: None if opened() else True, "the share to rest")
        with pytest.raises(headrace.Conflict) as linked:
            flights.get_feature_store().share(fraud.name)
        assert linked.value.code == "receiver-takes-no-offers"
        with served.administrator() as administrator:
            administrator.get_project(fraud.name).unmark_sensitive()
        eventually(lambda: True if opened() else None, "the share to count again")
        assert len(fraud.get_kafka_api().browse(topic)) == 2


def test_the_guide_to_sensitive_projects_does_what_it_shows(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    served.platform.stack.stack.up(["audit"], report=print)
    births = unique("births")
    name = served.new_project()
    with (
        served.administrator() as platform,
        served.project("ada", name) as flights,
        served.project("bob", name) as bob,
    ):
        columns = {"origin": "string", "wind": "double"}
        flights.get_feature_store().get_or_create_feature_group("weather", primary_key=["origin"], features=columns)
        names = {"headrace": headrace, "platform": platform, "flights": flights, "bob": bob}
        samples = blocks(GUIDE, "python")
        assert len(samples) == 3
        capsys.readouterr()
        for sample in samples:
            exec(compile(sample.replace("births", births), GUIDE.name, "exec"), names)  # noqa: S102 - that is what samples are for
        printed = capsys.readouterr().out.splitlines()
        assert printed[:3] == ["True", "['origin', 'wind']", "data-stays-inside"]
        assert platform.get_project(births).sensitive
