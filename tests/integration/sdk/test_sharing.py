"""What one project lets another one read, at the real brokers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import confluent_kafka
import pytest
from confluent_kafka import KafkaError
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from tests.e2e.guides import blocks
from tests.integration.clients import connection, eventually
from tests.integration.faults.killing import kill
from tests.integration.offline_thread import offline
from tests.integration.served import Served, unique

import headrace
from headrace_broker.acls import Rule
from headrace_broker.admin import Admin

GUIDE = Path(__file__).parents[3] / "docs" / "sharing.md"
BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
WEATHER = {"origin": "string", "at": "timestamp", "wind": "double"}
CLICK = {"type": "record", "name": "Click", "fields": [{"name": "page", "type": "string"}]}


@pytest.fixture(autouse=True)
def at_home(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients keep their files in the home of the test's stack."""
    monkeypatch.setenv("HEADRACE_HOME", str(served.home))


@pytest.fixture
def flights(served: Served) -> Iterator[headrace.Project]:
    """The project that shares, as its owner, with clicks on a topic."""
    with served.project("ada", served.new_project("ada", None)) as signed_in:
        topic = signed_in.get_kafka_api().create_topic("clicks")
        signed_in.get_schema_registry().register(f"{topic.name}-value", CLICK)
        signed_in.get_kafka_api().produce("clicks", [{"page": "/"}, {"page": "/news"}])
        yield signed_in


@pytest.fixture
def fraud(served: Served) -> Iterator[headrace.Project]:
    """The project that receives, as its owner."""
    with served.project("eve", served.new_project("eve")) as signed_in:
        yield signed_in


@pytest.fixture(scope="module")
def stores(served: Served) -> Iterator[None]:
    """Online and offline rows are projected, and training data is made of them."""
    stack = served.platform.stack
    stack.stack.up(["online", "training-datasets"], report=print)
    with offline(stack, stack.site.storage_url):
        yield


def group(project: headrace.Project, name: str) -> headrace.FeatureGroup:
    """A feature group of the project with one row, which can be read."""
    store = project.get_feature_store()
    made = store.get_or_create_feature_group(name, primary_key=["origin"], event_time="at", features=WEATHER)
    made.insert([{"origin": "JFK", "at": BEGIN, "wind": 5.0}], wait=True)
    return made


def refused(consumer: headrace.Consumer) -> bool | None:
    """Whether the brokers refuse the consumer; None while they are silent or give records."""
    message = consumer.poll(0.2)
    error = message.error() if message is not None else None
    return True if error is not None and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED else None


def pages(consumer: headrace.Consumer, number: int) -> list[str]:
    """The pages of the next so many records, which nobody refuses."""
    found: list[str] = []
    while len(found) < number:
        message = eventually(lambda: consumer.poll(0.5), "a record")
        assert message.error() is None, message.error()
        record = consumer.decode(message)
        assert record is not None
        found.append(record["page"])
    return found


def test_a_topic_is_read_after_acceptance_and_by_nobody_after_revocation(
    served: Served, flights: headrace.Project, fraud: headrace.Project
) -> None:
    topic = flights.topic_name("clicks")
    share = flights.get_kafka_api().share_topic("clicks", fraud.name)
    assert (share.phase, share.open, share.topics) == ("offered", False, ())
    assert [one.id for one in fraud.get_shares()] == [one.id for one in flights.get_shares()] == [share.id]
    early = fraud.consumer(topic, unique("early"))
    eventually(lambda: refused(early), "the brokers to refuse")
    early.close()
    assert fraud.get_schema_registry().get_subjects() == []
    with pytest.raises(headrace.NotFound):
        fraud.schemas.latest(f"{topic}-value")

    taken = fraud.get_shares_api().accept(share.id)
    assert (taken.phase, taken.open, taken.topics) == ("accepted", True, (topic,))
    reader = fraud.consumer(topic, unique("reader"))
    assert pages(reader, 2) == ["/", "/news"]
    served.platform.user("carol")
    fraud.add_member("carol", "data-scientist")
    with served.project("carol", fraud.name) as carol:
        assert len(carol.get_kafka_api().browse(topic)) == 2
        with pytest.raises(headrace.Forbidden):
            carol.get_kafka_api().produce(topic, ["x"], subject=f"{topic}-value")
    writer = fraud.producer(topic, message_timeout_ms=8_000)
    errors: list[KafkaError | None] = []
    writer.send("x", on_delivery=lambda error, _: errors.append(error))
    writer.flush(10)
    assert [error.code() for error in errors if error] == [KafkaError.TOPIC_AUTHORIZATION_FAILED]

    with ThreadPoolExecutor(1) as beside:
        asked = time.monotonic()
        revoking = beside.submit(flights.get_shares_api().revoke, share.id)
        eventually(lambda: refused(reader), "the open consumer to be cut off", 30)
        print(f"an open consumer was cut off {time.monotonic() - asked:.2f} s after revoking was asked for")
        assert (revoking.result().phase, revoking.result().open) == ("revoked", False)
    flights.get_kafka_api().produce("clicks", [{"page": "/later"}])
    late = fraud.consumer(topic, unique("late"))
    eventually(lambda: refused(late), "the brokers to refuse whoever comes")
    assert not [message.value() for message in reader.consume(10, 1.0) if message.error() is None]
    reader.close()
    late.close()
    with pytest.raises(headrace.Conflict) as ended:
        fraud.get_shares_api().accept(share.id)
    assert ended.value.code == "share-not-offered"


def test_what_was_declined_can_be_offered_and_accepted_anew(flights: headrace.Project, fraud: headrace.Project) -> None:
    share = flights.get_kafka_api().share_topic("clicks", fraud.name)
    assert fraud.get_shares_api().decline(share.id).phase == "declined"
    again = flights.get_kafka_api().share_topic("clicks", fraud.name)
    assert (again.id, again.phase) == (share.id, "offered")
    (received,) = fraud.get_shares()
    assert received.accept().open
    with pytest.raises(headrace.Conflict) as twice:
        flights.get_kafka_api().share_topic("clicks", fraud.name)
    assert twice.value.code == "share-exists"
    assert not received.decline().open


def test_the_rules_of_a_share_are_no_drift_and_put_back_when_provisioning_starts(
    served: Served, flights: headrace.Project, fraud: headrace.Project
) -> None:
    share = flights.get_kafka_api().share_topic("clicks", fraud.name)
    fraud.get_shares_api().accept(share.id)
    fraud.client_files()
    admin = Admin(connection(served.platform.stack, "broker"))

    def rules() -> set[Rule]:
        return {rule for rule in admin.rules() if rule.name == share.name and rule.principal.startswith(fraud.name)}

    held = rules()
    assert {rule.operation for rule in held} == {"read"}
    taken = next(iter(held))
    admin.set_rules(remove=[taken])
    kill(served.platform.stack, "provisioning")
    eventually(lambda: True if rules() == held else None, "the rules to be put back", 60)


def test_a_topic_that_is_deleted_is_open_to_nobody_and_its_share_can_still_be_ended(
    flights: headrace.Project, fraud: headrace.Project
) -> None:
    share = flights.get_kafka_api().share_topic("clicks", fraud.name)
    assert fraud.get_shares_api().accept(share.id).topics == (share.name,)
    flights.get_kafka_api().delete_topic("clicks")
    (left,) = flights.get_shares()
    assert (left.phase, left.open, left.topics) == ("accepted", False, ())
    assert left.revoke().phase == "revoked"
    with pytest.raises(headrace.NotFound):
        flights.get_kafka_api().share_topic("clicks", fraud.name)


def test_a_project_that_is_deleted_takes_its_shares_with_it(
    served: Served, flights: headrace.Project, fraud: headrace.Project
) -> None:
    share = flights.get_kafka_api().share_topic("clicks", fraud.name)
    fraud.get_shares_api().accept(share.id)
    assert len(fraud.get_kafka_api().browse(share.name)) == 2
    admin = Admin(connection(served.platform.stack, "broker"))
    assert [rule for rule in admin.rules() if rule.name == share.name]
    flights.delete(confirm=flights.name)
    assert fraud.get_shares() == []
    eventually(lambda: not [rule for rule in admin.rules() if rule.name == share.name] or None, "the rules to go")


def test_a_client_of_confluent_reads_a_shared_topic_with_the_receivers_registry(
    served: Served, flights: headrace.Project, fraud: headrace.Project
) -> None:
    share = flights.get_kafka_api().share_topic("clicks", fraud.name)
    fraud.get_shares_api().accept(share.id)
    registry = {
        "url": f"{served.url}/api/projects/{fraud.name}/registry",
        "basic.auth.user.info": f"eve:{served.key('eve')}",
    }
    settings = {**fraud.get_kafka_api().get_default_config(), "auto.offset.reset": "earliest"}
    consumer = confluent_kafka.Consumer(settings)
    consumer.subscribe([share.name])
    message = eventually(lambda: consumer.poll(0.5), "a record")
    consumer.close()
    assert message.error() is None, message.error()
    with SchemaRegistryClient(registry) as client:
        decode = AvroDeserializer(client)
        value = decode(message.value(), SerializationContext(share.name, MessageField.VALUE))
        assert value == {"page": "/"}
        assert client.get_latest_version(f"{share.name}-value").version == 1


def test_a_shared_feature_group_is_read_online_and_offline_until_it_is_revoked(
    stores: None, served: Served, flights: headrace.Project, fraud: headrace.Project
) -> None:
    weather = group(flights, "weather")
    theirs = fraud.get_feature_store(flights.name)
    offer = weather.share(fraud.name)
    assert theirs.get_feature_groups() == []
    base = f"/api/projects/{fraud.name}/shared/{flights.name}/feature-groups"
    reads: tuple[tuple[str, str, object], ...] = (
        ("GET", "", None),
        ("GET", "/progress", None),
        ("GET", "/rows", None),
        ("POST", "/statistics/computed", {}),
        ("POST", "/vectors", {"keys": []}),
    )

    def answers() -> set[int]:
        return {
            served.ask(
                method, f"{base}/weather/versions/1{path}", key=served.key("eve", fraud.name), json=body
            ).status_code
            for method, path, body in reads
        }

    assert answers() == {404}
    unshared = group(flights, "hidden")
    fraud.get_shares_api().accept(offer.id)
    assert answers() == {200}
    (shared,) = theirs.get_feature_groups()
    assert (shared.name, shared.version, shared.topic) == ("weather", 1, weather.topic)
    assert shared.get_vector({"origin": "JFK"}) == {"origin": "JFK", "at": BEGIN, "wind": 5.0}
    assert [vector.status for vector in shared.get_vectors([{"origin": "JFK"}, {"origin": "XXX"}])] == [
        "found",
        "missing",
    ]
    assert shared.read("polars")["wind"].to_list() == [5.0]
    assert shared.get_statistics().features["wind"].mean == shared.compute_statistics().features["wind"].mean == 5.0
    assert not hasattr(shared, "update_statistics_config")
    with pytest.raises(headrace.Forbidden) as not_theirs:
        shared.append_features({"rain": "string"})
    assert not_theirs.value.code == "not-your-group"
    with pytest.raises(headrace.NotFound) as hidden:
        theirs.get_feature_group(unshared.name)
    assert hidden.value.code == "shared-feature-group-not-found"
    record = eventually(lambda: fraud.get_kafka_api().browse(shared.topic), "its rows at Kafka")[0]
    assert isinstance(record.value, dict)
    assert record.value["wind"] == 5.0
    flights.get_shares_api().revoke(offer.id)
    assert answers() == {404}
    with pytest.raises(headrace.NotFound):
        shared.get_vector({"origin": "JFK"})


def test_a_shared_store_holds_the_groups_that_are_made_later_too(
    stores: None, flights: headrace.Project, fraud: headrace.Project
) -> None:
    group(flights, "weather")
    share = flights.get_feature_store().share(fraud.name)
    fraud.get_shares_api().accept(share.id)
    theirs = fraud.get_feature_store(flights.name)
    assert [one.name for one in theirs.get_feature_groups()] == ["weather"]
    later = group(flights, "later")
    shared = theirs.get_feature_group("later")
    assert shared.get_vector({"origin": "JFK"}) == {"origin": "JFK", "at": BEGIN, "wind": 5.0}
    assert len(fraud.get_kafka_api().browse(later.topic)) == 1
    with pytest.raises(headrace.Forbidden):
        fraud.get_kafka_api().browse(flights.topic_name("clicks"))


def test_a_view_takes_features_of_a_shared_group_until_it_is_revoked(
    stores: None, flights: headrace.Project, fraud: headrace.Project
) -> None:
    group(flights, "weather")
    share = flights.get_feature_store().share(fraud.name)
    fraud.get_shares_api().accept(share.id)
    store = fraud.get_feature_store()
    tickets = store.create_feature_group(
        "tickets",
        primary_key=["ticket"],
        event_time="sold",
        features={"ticket": "string", "origin": "string", "sold": "timestamp"},
    )
    later = BEGIN + timedelta(hours=1)
    tickets.insert([{"ticket": "a", "origin": "JFK", "sold": later}], wait=True)
    weather = fraud.get_feature_store(flights.name).get_feature_group("weather")
    query = tickets.select(["ticket"]).join(weather.select(["wind"]), on=["origin"])
    view = store.create_feature_view("windy", query)
    assert {column.name: column.type for column in view.schema} == {"ticket": "string", "wind": "double"}
    assert view.get_feature_vector({"ticket": "a"}) == ["a", 5.0]
    version, dataset = view.create_training_data(show_progress=False)
    assert (version, dataset.read("train")["wind"].tolist()) == (1, [5.0])
    assert view.get_feature_vectors_as_of([{"ticket": "a"}], [later]) == [["a", 5.0]]

    flights.get_shares_api().revoke(share.id)
    for asking in (
        lambda: view.get_feature_vector({"ticket": "a"}),
        lambda: view.get_feature_vectors_as_of([{"ticket": "a"}], [later]),
        lambda: view.create_training_data(show_progress=False),
        lambda: store.create_feature_view("windier", query),
    ):
        with pytest.raises(headrace.NotFound) as refused_to_read:
            asking()
        assert refused_to_read.value.code == "shared-feature-group-not-found"


def test_the_guide_to_sharing_does_what_it_shows(
    stores: None, flights: headrace.Project, fraud: headrace.Project
) -> None:
    samples = blocks(GUIDE, "python")
    assert len(samples) == 3
    group(flights, "weather")
    names: dict[str, object] = {"flights": flights, "fraud": fraud}
    for sample in samples:
        exec(compile(sample, GUIDE.name, "exec"), names)  # noqa: S102 - that is what samples are for
    phases = {share.what: share.phase for share in fraud.get_shares()}
    assert phases == {"topic": "revoked", "feature_group": "accepted", "feature_store": "accepted"}
