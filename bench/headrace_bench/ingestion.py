"""Rows on their way in: how soon each can be read, what counting costs, and whose processor time all of it takes."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from statistics import median

import psycopg

from headrace import FeatureGroup, Project
from headrace_bench import servers
from headrace_bench.features import FEATURES, ROWS, bench_group, frame
from headrace_bench.measure import TIMES, Figure, Goal, latency, rate
from headrace_compose.stack import Stack

RATE = 1_000
"""Rows a second that come one by one, in time."""
SECONDS = 20
LOOKS_S = 0.003
PATIENCE_S = 60.0
COUNTED_ROWS = 100_000
ROUNDS = 5
COMMITS_S = 0.5
"""So often the offline store commits where counting is measured: otherwise most of the time would be waiting for it."""
SHOWN = 5
"""Of so many processes the processor time is told."""


@dataclass(slots=True)
class _Reader:
    """A reader of its own, who looks how far the online store is, and remembers when it saw that."""

    dsn: str
    topic_id: str
    seen: list[tuple[float, int]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Look until it is told to stop. Rows and the offset before which they are become visible together."""
        query = "SELECT next_offset FROM online.checkpoint WHERE topic_id = %s"
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while not self._stop.wait(LOOKS_S):
                row = connection.execute(query, (self.topic_id,), prepare=True).fetchone()
                if row is not None and (not self.seen or row[0] > self.seen[-1][1]):
                    self.seen.append((time.perf_counter(), int(row[0])))

    def until(self, offset: int) -> None:
        """Return when everything before the offset was seen; the reader stops."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.seen or self.seen[-1][1] < offset:
            if time.monotonic() > deadline:
                raise TimeoutError(f"offset {offset} is not visible after {PATIENCE_S:.0f} s")
            time.sleep(LOOKS_S)
        self._stop.set()


def visible(owner: Project, dsn: str) -> Figure:
    """From when a row is there to be sent until it can be read online; what is there, `insert` takes, over and over.

    Where an insert is held up, the rows that come meanwhile wait for the next, and that counts.
    """
    total = RATE * SECONDS
    content = frame(total)
    group = owner.get_feature_store().create_feature_group(
        "paced", primary_key=["entity"], event_time="at", features=content
    )
    warm = group.insert(frame(RATE), show_progress=False).wait(offline=False)
    topic_id, _, last = warm.positions[0].rsplit(":", 2)
    first = int(last) + 1
    reader = _Reader(dsn, topic_id)
    thread = threading.Thread(target=reader.look, name="reader", daemon=True)
    thread.start()
    began = time.perf_counter()
    sent = 0
    while sent < total:
        there = min(total, int((time.perf_counter() - began) * RATE) + 1)
        if there == sent:
            time.sleep(1 / RATE)
            continue
        group.insert(content.slice(sent, there - sent), show_progress=False)
        sent = there
    reader.until(first + total)
    thread.join()
    what = f"event to visible online, {RATE:,} rows/s"
    return latency(what, waited(reader.seen, began, first, total), goal=Goal(p99=250))


def waited(seen: Sequence[tuple[float, int]], began: float, first: int, total: int) -> list[float]:
    """Milliseconds that each row took, the n-th of which was there n/RATE seconds after the beginning.

    `first` is the offset of the first of them; `seen` says when which offset was reached.
    """
    shown: list[float] = []
    for at, offset in seen:
        shown += repeat(at, min(total, offset - first) - len(shown))
    return [(at - began - number / RATE) * 1_000 for number, at in enumerate(shown)]


def counting(stack: Stack, owner: Project) -> Iterator[Figure]:
    """Bulk inserts until they can be read in both stores, of a group that is counted and one that is not, by turns."""
    store = owner.get_feature_store()
    groups = {
        counted: store.create_feature_group(
            "counted" if counted else "uncounted",
            primary_key=["entity"],
            event_time="at",
            features=frame(1),
            statistics_config=counted,
        )
        for counted in (True, False)
    }
    rates: dict[bool, list[float]] = {True: [], False: []}
    with servers.offline_commits(stack, COMMITS_S):
        for group in groups.values():
            _seconds(group, 1_000, 0)
        for seed in range(ROUNDS):
            for counted in (True, False) if seed % 2 else (False, True):
                rates[counted].append(COUNTED_ROWS / _seconds(groups[counted], COUNTED_ROWS, seed))
    what = f"rows of {FEATURES} features, insert to visible online and offline"
    yield rate(f"{what}, without statistics", rates[False])
    yield rate(f"{what}, with statistics", rates[True])
    slower = [100 * (without / counted - 1) for counted, without in zip(rates[True], rates[False], strict=True)]
    yield Figure(what="statistics while inserting", unit="% slower", p50=median(slower), goal=Goal(p50=15))


def processor_time(stack: Stack, owner: Project) -> Figure:
    """The processor seconds of a million rows, from their frame to both stores: of all processes, the most by name."""
    group = bench_group(owner)
    servers.until_all_is_read(stack)
    contents = [frame(ROWS, seed) for seed in range(TIMES)]
    spent = servers.ProcessorTime(stack, here=True)
    for content in contents:
        group.insert(content, show_progress=False).wait(timeout=600)
    each = {name: seconds * 1_000_000 / (ROWS * TIMES) for name, seconds in spent.each().items()}
    most = sorted(each, key=lambda name: -each[name])[:SHOWN]
    told = ", ".join(f"{name} {each[name]:.1f}" for name in most)
    return Figure(what=f"processor time of 1,000,000 rows: {told}", unit="s", p50=sum(each.values()))


def _seconds(group: FeatureGroup, rows: int, seed: int) -> float:
    content = frame(rows, seed)
    began = time.perf_counter()
    receipt = group.insert(content, show_progress=False)
    deadline = began + PATIENCE_S
    while not ((now := receipt.visible()).online and now.offline):
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{rows} rows are not visible after {PATIENCE_S:.0f} s: {now}")
        time.sleep(0.05)
    return time.perf_counter() - began
