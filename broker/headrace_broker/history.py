"""The whole log of one project, for whoever cannot have followed it."""

import time

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.envelopes import read_event
from headrace_broker.errors import Unavailable
from headrace_broker.follower import LEAVING_MS, Follower, Partition
from headrace_broker.topics import events_of
from headrace_events.envelope import Recorded
from headrace_schemas.codec import MessageCodec


def history(connection: Connection, project: str, seconds: float = 60.0) -> list[Recorded]:
    """Every event of the project so far, in order; none once its topic is gone. Raises BrokerError."""
    topic = events_of(project)
    found = Admin(connection).topic_ids([topic])
    if topic not in found:
        return []
    codec, events = MessageCodec(), list[Recorded]()
    follower = Follower(connection, wait_ms=LEAVING_MS)
    try:
        follower.follow({Partition(topic, found[topic][0], 0): 0})
        deadline = time.monotonic() + seconds
        while not follower.at_end():
            if time.monotonic() > deadline:
                raise Unavailable(f"{topic} could not be read to its end in {seconds:.0f} s")
            events += [read_event(record, codec) for record in follower.poll().records]
    finally:
        follower.close()
    return events
