"""`make bench`: measure a running stack, print the table, write bench-report.json."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
from rich.console import Console

import headrace
from headrace_bench import commands, features, floors
from headrace_bench.measure import Figure, latency, show, timed
from headrace_compose.stack import Stack

REPORT = Path("bench-report.json")


def main() -> None:
    """Start what is not up, measure one thing after the other."""
    console = Console(stderr=True)
    subprocess.run([sys.executable, "-m", "headrace_compose", "up"], check=True)
    home = Stack().home
    status = json.loads(
        subprocess.run([sys.executable, "-m", "headrace_compose", "status"], stdout=subprocess.PIPE, check=True).stdout
    )["services"]

    figures: list[Figure] = []
    with headrace.administrator() as administrator, ExitStack() as clients:
        key = administrator.issue_key(hours=2).key

        def client() -> httpx.Client:
            return httpx.Client(base_url=administrator.url, headers={"Authorization": f"Bearer {key}"}, timeout=60)

        http = clients.enter_context(client())
        console.print("floors")
        transactions = timed(floors.transaction(status["kafka"]["address"], home.secrets), 300)
        answers = timed(floors.answer(http), 500)
        figures.append(latency("floor: transaction of one message", transactions, floor=None, to_reach=""))
        figures.append(latency("floor: an HTTP answer", answers, floor=None, to_reach=""))
        dsn = floors.dsn(home.root, status["postgres"]["address"])
        selects = timed(floors.select(dsn), 500)
        figures.append(latency("floor: a SELECT by key", selects, floor=None, to_reach=""))
        console.print("commands")
        figures.append(commands.accepted(http, transactions))
        figures.append(commands.visible(http, selects))
        figures.append(commands.throughput(client))
        console.print("feature rows")
        with features.project(administrator) as owner:
            figures.append(features.rows_per_second(owner))
            figures.append(features.vector(http, owner, ("HTTP answer", answers)))
        console.print("rebuild")
        figures.append(_rebuild())
    memory = sum(service["rss_mb"] or 0 for service in status.values())
    figures.append(
        Figure(what="resident memory of everything (PSS)", unit="MiB", p50=round(memory), to_reach="≤ 6,144")
    )
    show(figures, REPORT)


def _rebuild() -> Figure:
    done = subprocess.run(
        [sys.executable, "-m", "headrace_cli.main", "rebuild", "catalogue", "--json"],
        stdout=subprocess.PIPE,
        check=True,
    )
    result = json.loads(done.stdout)
    return Figure(
        what=f"rebuild of the catalogue ({result['events']:,} events)",
        unit="events/s",
        p50=round(result["events_per_second"]),
        to_reach="≥ 10,000",
    )


if __name__ == "__main__":
    main()
