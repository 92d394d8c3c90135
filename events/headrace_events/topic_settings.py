"""What a topic of a project is like: how many partitions it has, and what is kept on it."""

from dataclasses import replace

from headrace_events.errors import Conflict, Invalid
from headrace_events.language import value

MOST_PARTITIONS = 64
_LONGEST = (1 << 63) - 1


@value
class TopicSettings:
    """Partitions, and what they keep.

    Records are kept for `retention_ms` and as long as their partition holds no more than `retention_bytes`; None is for
    ever, and without a limit. Where the topic is compacted, the last record of each key stays until these take it.
    """

    partitions: int = 1
    retention_ms: int | None = None
    retention_bytes: int | None = None
    compacted: bool = False


@value
class Limit:
    """A limit to set; `most` is None where there is to be none."""

    most: int | None = None


def checked(settings: TopicSettings) -> TopicSettings:
    """The settings; raises Invalid where no topic can have them."""
    if not 1 <= settings.partitions <= MOST_PARTITIONS:
        raise Invalid("invalid-partitions", f"a topic has 1 to {MOST_PARTITIONS} partitions")
    limits = {"retention_ms": settings.retention_ms, "retention_bytes": settings.retention_bytes}
    for name, limit in limits.items():
        if limit is not None and not 1 <= limit <= _LONGEST:
            raise Invalid(
                "invalid-retention",
                f"{name} is {limit}: it is a whole number from 1, or none at all to keep records for ever",
                {name: str(limit)},
            )
    return settings


def changed(
    settings: TopicSettings,
    *,
    partitions: int | None,
    retention_ms: Limit | None,
    retention_bytes: Limit | None,
    compacted: bool | None,
) -> TopicSettings:
    """The settings with what is not None changed; raises Invalid, or Conflict where partitions would get fewer."""
    if partitions is not None and partitions < settings.partitions:
        raise Conflict(
            "fewer-partitions",
            f"the topic has {settings.partitions} partitions: Kafka can add some, but takes none away",
            {"partitions": str(settings.partitions)},
        )
    return checked(
        replace(
            settings,
            partitions=settings.partitions if partitions is None else partitions,
            retention_ms=settings.retention_ms if retention_ms is None else retention_ms.most,
            retention_bytes=settings.retention_bytes if retention_bytes is None else retention_bytes.most,
            compacted=settings.compacted if compacted is None else compacted,
        )
    )
