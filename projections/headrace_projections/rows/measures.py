"""What a row projection tells Prometheus."""

from dataclasses import dataclass

from prometheus_client import Counter, Gauge

from headrace_broker.monitoring import Monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The meters of one process."""

    rows: Counter
    dead_letters: Counter
    failing: Gauge
    paused: Gauge
    behind: Gauge

    @classmethod
    def of(cls, monitor: Monitor) -> "Measures":
        """Meters under the process's prefix."""
        return cls(
            rows=monitor.counter("rows", "Rows taken from the log"),
            dead_letters=monitor.counter("dead_letters", "Records that no row came of", ("project",)),
            failing=monitor.gauge("failing_groups", "Groups that cannot be written now and are tried again"),
            paused=monitor.gauge("paused_partitions", "Partitions that wait for a schema"),
            behind=monitor.gauge("behind_seconds", "Age of the last record read when it was read; 0 at the end"),
        )
