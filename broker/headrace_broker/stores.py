"""The brokers' key and trust stores: read again from their files, without a restart."""

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined] # re-exported there without saying so
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)

from headrace_broker.admin import translated
from headrace_broker.connection import Connection

LISTENER = "listener.name.client."
STORES = ("ssl.keystore.location", "ssl.truststore.location")
_ANSWER_S = 15.0


def reload_stores(connection: Connection) -> None:
    """Let every broker read its stores again; raises BrokerError where one refuses what is in them.

    A store is read again when its place is set, even to what it was. It is then left to the broker's own configuration
    again, so that no place is remembered by the log.
    """
    client = AdminClient(connection.librdkafka())
    try:
        for broker in client.list_topics(timeout=_ANSWER_S).brokers:
            resource = ConfigResource(ConfigResource.Type.BROKER, str(broker))
            (described,) = client.describe_configs([resource], request_timeout=_ANSWER_S).values()
            places = {name: described.result()[name].value for name in STORES}
            for operation in (AlterConfigOpType.SET, AlterConfigOpType.DELETE):
                entries = [
                    ConfigEntry(f"{LISTENER}{name}", place, incremental_operation=operation)
                    for name, place in places.items()
                ]
                change = ConfigResource(ConfigResource.Type.BROKER, str(broker), incremental_configs=entries)
                for done in client.incremental_alter_configs([change], request_timeout=_ANSWER_S).values():
                    done.result()
    except KafkaException as error:
        raise translated(error) from error


def lets_in(connection: Connection, seconds: float = 3.0) -> bool:
    """Whether a broker and whoever has these files believe each other."""
    client = AdminClient({**connection.librdkafka(), "log_level": 0})
    try:
        return bool(client.list_topics(timeout=seconds).brokers)
    except KafkaException:
        return False
