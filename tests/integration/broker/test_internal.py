"""The topics of the platform on a broker that an earlier release, or a hand, has left otherwise."""

from __future__ import annotations

from dataclasses import replace

from tests.integration.clients import connection
from tests.integration.stack import RunningStack

from headrace_broker.admin import Admin
from headrace_broker.internal import prepare
from headrace_broker.topics import CREDENTIALS, INTERNAL


def test_an_internal_topic_that_keeps_otherwise_is_put_right_at_the_next_start(stack: RunningStack) -> None:
    as_broker = connection(stack, "broker")
    prepare(as_broker)
    (wanted,) = (spec for spec in INTERNAL if spec.name == CREDENTIALS)
    admin = Admin(as_broker)
    admin.change_topic(replace(wanted, config={"max.compaction.lag.ms": str(2**62)}))
    assert not admin.is_as(wanted)
    prepare(as_broker)
    assert admin.is_as(wanted)
    assert admin.config(CREDENTIALS)["max.compaction.lag.ms"] == "86400000"
