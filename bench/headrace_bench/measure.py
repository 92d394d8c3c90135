"""What was measured: times as percentiles, rates as medians, and a table of them."""

import json
import math
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

READABLE = 180
"""Columns of the table where the terminal has fewer, or there is none."""
TIMES = 3
"""How often a rate or a start is measured; the middle one counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a figure is to reach: bounds of percentiles, or of how many times its floor it is; or the least median."""

    p50: float | None = None
    p99: float | None = None
    least: float | None = None
    times: float | None = None

    def __str__(self) -> str:
        bounds = (("p50 ≤", self.p50), ("p99 ≤", self.p99), ("≥", self.least), ("x ≤", self.times))
        return ", ".join(f"{name} {bound:,g}" for name, bound in bounds if bound is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line: what was measured, the figures, and each as a multiple of the floor measured in the same run.

    Where nothing could be measured, `failed` says why, and there is no figure.
    """

    what: str
    unit: str
    p50: float
    p99: float | None = None
    floor: str = ""
    times_floor: float | None = None
    goal: Goal | None = None
    failed: str = ""

    @classmethod
    def of_failure(cls, what: str, why: str) -> "Figure":
        """That this could not be measured."""
        return cls(what=what, unit="", p50=math.nan, failed=why)

    def __str__(self) -> str:
        return f"{self.what}: {self.failed or f'{self.p50:,.2f} {self.unit}'}"

    @property
    def reached(self) -> bool | None:
        """Whether the goal is; None where there is none, and what failed reached nothing."""
        if self.failed:
            return False
        if self.goal is None:
            return None
        return (
            (self.goal.p50 is None or self.p50 <= self.goal.p50)
            and (self.goal.p99 is None or (self.p99 is not None and self.p99 <= self.goal.p99))
            and (self.goal.least is None or self.p50 >= self.goal.least)
            and (self.goal.times is None or (self.times_floor is not None and self.times_floor <= self.goal.times))
        )

    def told(self) -> dict[str, object]:
        """As the report has it."""
        return {
            "what": self.what,
            "unit": self.unit,
            "p50": None if self.failed else round(self.p50, 2),
            "p99": None if self.p99 is None else round(self.p99, 2),
            "floor": self.floor,
            "times_floor": None if self.times_floor is None else round(self.times_floor, 2),
            "to_reach": "" if self.goal is None else str(self.goal),
            "reached": self.reached,
            "failed": self.failed,
        }


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


def latency(
    what: str,
    took: Sequence[float],
    *,
    floor: tuple[str, Sequence[float]] | None = None,
    goal: Goal | None = None,
    unit: str = "ms",
) -> Figure:
    """A figure of latencies, milliseconds if `unit` says nothing else."""
    p50 = statistics.median(took)
    return Figure(
        what=what,
        unit=unit,
        p50=p50,
        p99=percentile(took, 0.99),
        floor=floor[0] if floor else "",
        times_floor=p50 / statistics.median(floor[1]) if floor else None,
        goal=goal,
    )


def rate(
    what: str,
    rates: Sequence[float],
    *,
    goal: Goal | None = None,
    floor: tuple[str, Sequence[float]] | None = None,
) -> Figure:
    """A figure of so many a second; how many times slower than its floor it is, if it has one."""
    middle = statistics.median(rates)
    return Figure(
        what=what,
        unit="/s",
        p50=middle,
        floor=floor[0] if floor else "",
        times_floor=statistics.median(floor[1]) / middle if floor else None,
        goal=goal,
    )


def show(figures: Sequence[Figure], load_before: float, report: Path) -> None:
    """Print the table with the load averages, and write it as JSON."""
    load = f"Load average {load_before:.1f} before, {os.getloadavg()[0]:.1f} at the end, on {os.cpu_count()} cores"
    table = Table(title=load)
    for column in ("what", "unit", "p50", "p99", "floor", "x floor", "to reach", "reached"):
        table.add_column(column, justify="right" if column in {"p50", "p99", "x floor"} else "left")
    for figure in figures:
        table.add_row(
            f"{figure.what}: {figure.failed}" if figure.failed else figure.what,
            figure.unit,
            "failed" if figure.failed else f"{figure.p50:,.2f}",
            "" if figure.p99 is None else f"{figure.p99:,.2f}",
            figure.floor,
            "" if figure.times_floor is None else f"{figure.times_floor:.2f}",
            "" if figure.goal is None else str(figure.goal),
            {None: "", True: "yes", False: "no"}[figure.reached],
        )
    console = Console()
    Console(width=max(console.width, READABLE)).print(table)
    content = {
        "load_average_before": load_before,
        "load_average": os.getloadavg(),
        "cores": os.cpu_count(),
        "figures": [figure.told() for figure in figures],
    }
    report.write_text(json.dumps(content, indent=2) + "\n")
