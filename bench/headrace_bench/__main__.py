"""`make bench`: measure a stack of its own, print the table, write bench-report.json.

`make bench ONLY="feast join"` measures those parts alone, and writes bench-report-part.json.
"""

import argparse
import os
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from headrace_bench import servers
from headrace_bench.measure import Figure, show
from headrace_bench.parts import PARTS, Measured, bring_up

REPORT = Path("bench-report.json")
PARTIAL = Path("bench-report-part.json")
"""The figures of some parts do not take the place of all."""


def main() -> None:
    """Start from nothing, and measure one thing after the other; what is measured is shown, whatever comes after it."""
    names = _asked_for()
    load_before = os.getloadavg()[0]
    figures: list[Figure] = []
    try:
        with servers.own_stack() as stack, ExitStack() as opened:
            bring_up(stack, names)
            on = Measured(stack, opened)
            for name in PARTS:
                if name in names:
                    _say(name)
                    for figure in PARTS[name](on):
                        figures.append(figure)
                        _say(f"  {figure}")
    finally:
        show(figures, load_before, REPORT if names == frozenset(PARTS) else PARTIAL)


def _asked_for() -> frozenset[str]:
    asked = argparse.ArgumentParser(prog="headrace_bench", description="Measure all parts, or some.")
    asked.add_argument("--only", nargs="*", choices=PARTS, metavar="PART", help=f"some of: {', '.join(PARTS)}")
    return frozenset(asked.parse_args().only or PARTS)


def _say(what: str) -> None:
    Console(stderr=True).print(what)


if __name__ == "__main__":
    main()
