"""Kafka's errors as ours: by what one does about them."""

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException

from headrace._errors import Conflict, Failed, Forbidden, HeadraceError, Invalid, NotFound, Unavailable

_KNOWN: Mapping[int, tuple[type[HeadraceError], str, str]] = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: (Forbidden, "not-allowed", "your certificate does not open {}"),
    KafkaError.GROUP_AUTHORIZATION_FAILED: (Forbidden, "not-your-group", "your certificate does not open {}"),
    KafkaError.UNKNOWN_TOPIC_OR_PART: (NotFound, "topic-not-found", "there is no {}"),
    KafkaError._UNKNOWN_TOPIC: (NotFound, "topic-not-found", "there is no {}"),
    KafkaError._UNKNOWN_PARTITION: (NotFound, "partition-not-found", "there is no such partition of {}"),
    KafkaError.GROUP_ID_NOT_FOUND: (NotFound, "group-not-found", "there is no {}"),
    KafkaError.NON_EMPTY_GROUP: (Conflict, "group-in-use", "{} has members: stop its consumers first"),
    KafkaError.UNKNOWN_MEMBER_ID: (Conflict, "group-in-use", "{} has members: stop its consumers first"),
    KafkaError.REBALANCE_IN_PROGRESS: (Conflict, "group-in-use", "{} has members: stop its consumers first"),
    KafkaError.INVALID_RECORD: (Invalid, "invalid-record", "{} does not take it: where it is compacted, give a key"),
    KafkaError.MSG_SIZE_TOO_LARGE: (Invalid, "record-too-large", "the record is larger than {} takes"),
}
_AWAY = {
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TRANSPORT,
    KafkaError._TIMED_OUT,
    KafkaError._MSG_TIMED_OUT,
    KafkaError._SSL,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.LEADER_NOT_AVAILABLE,
}


def translated(error: KafkaException | KafkaError, what: str) -> HeadraceError:
    """The error as ours; `what` names what was asked for, as in "topic 'clicks'"."""
    kafka: KafkaError = error.args[0] if isinstance(error, KafkaException) else error
    known = _KNOWN.get(kafka.code())
    if known is not None:
        kind, code, text = known
        return kind(text.format(what), code=code)
    kind = Unavailable if kafka.code() in _AWAY else Failed
    return kind(f"{what}: {kafka.str()} ({kafka.name()})", code="kafka")
