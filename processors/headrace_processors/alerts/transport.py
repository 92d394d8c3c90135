"""Faust's way to Kafka with three things set right, none of which its configuration offers.

It reads committed records only, commits past the markers of transactions, and writes with all acknowledgements. Some of
what is overridden is private to Faust, so its version is pinned.
"""

from collections.abc import Mapping
from typing import Any

from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver

SCHEME = "headrace"


class CommittedThread(driver.AIOKafkaConsumerThread):
    """Reads what was committed."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Read when the consumer starts; the constructor takes it only within Faust's own transactions.
        consumer._isolation_level = "read_committed"
        return consumer


class GapConsumer(driver.Consumer):
    """Counts a gap in the offsets (a marker, an aborted record) without the record that follows it.

    Faust counts that record twice, and its committed offset then stops at each gap for a whole commit interval.
    """

    def _new_consumer_thread(self) -> Any:
        return CommittedThread(self, loop=self.loop, beacon=self.beacon)

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        await super()._add_gap(tp, offset_from, offset_to - 1)


class DurableProducer(driver.Producer):
    """Writes once, to all replicas."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class Transport(driver.Transport):
    """Kafka as we need it; broker addresses begin with `headrace://`."""

    Consumer = GapConsumer
    Producer = DurableProducer


def register() -> None:
    """Let Faust find the transport by its scheme."""
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
