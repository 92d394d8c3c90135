"""Times as percentiles, and a table of them."""

import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line: what was measured, the figures, and each as a multiple of the floor measured in the same run."""

    what: str
    unit: str
    p50: float
    p99: float | None = None
    floor: str = ""
    times_floor: float | None = None
    to_reach: str = ""


def timed(act: Callable[[], object], count: int, warm_up: int = 20) -> list[float]:
    """Milliseconds of each of `count` calls, after `warm_up` that do not count."""
    for _ in range(warm_up):
        act()
    took = []
    for _ in range(count):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return took


def percentile(numbers: Sequence[float], share: float) -> float:
    """The number below which that share of them lies."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def latency(what: str, took: Sequence[float], *, floor: tuple[str, Sequence[float]] | None, to_reach: str) -> Figure:
    """A figure of latencies in milliseconds."""
    p50 = statistics.median(took)
    return Figure(
        what=what,
        unit="ms",
        p50=round(p50, 2),
        p99=round(percentile(took, 0.99), 2),
        floor=floor[0] if floor else "",
        times_floor=round(p50 / statistics.median(floor[1]), 2) if floor else None,
        to_reach=to_reach,
    )


def show(figures: Sequence[Figure], load_before: float, report: Path) -> None:
    """Print the table with the load averages, and write it as JSON."""
    load = f"Load average {load_before:.1f} before, {os.getloadavg()[0]:.1f} at the end, on {os.cpu_count()} cores"
    table = Table(title=load)
    for column in ("what", "unit", "p50", "p99", "floor", "x floor", "to reach"):
        table.add_column(column, justify="left" if column in {"what", "unit", "floor", "to reach"} else "right")
    for figure in figures:
        table.add_row(
            figure.what,
            figure.unit,
            f"{figure.p50:,.2f}",
            "" if figure.p99 is None else f"{figure.p99:,.2f}",
            figure.floor,
            "" if figure.times_floor is None else f"{figure.times_floor:.2f}",
            figure.to_reach,
        )
    Console().print(table)
    content = {
        "load_average_before": load_before,
        "load_average": os.getloadavg(),
        "cores": os.cpu_count(),
        "figures": [asdict(one) for one in figures],
    }
    report.write_text(json.dumps(content, indent=2) + "\n")
