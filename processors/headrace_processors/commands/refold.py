"""Making the aggregates again from the events themselves: the slow way, when the snapshots cannot be read."""

from headrace_broker.connection import Connection
from headrace_broker.feed import MetadataFeed
from headrace_processors.commands.world import World


def refold(world: World, connection: Connection) -> None:
    """Forget every aggregate and fold all events again; answers and counters stay."""
    world.aggregates.clear()
    world.keys.clear()
    world.usage.clear()
    feed = MetadataFeed(connection, stays=False)
    while not feed.at_end():
        for recorded in feed.poll(1.0).events:
            world.apply(recorded)
    feed.close()
