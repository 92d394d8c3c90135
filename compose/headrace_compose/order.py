"""Doing things in the order in which they depend on each other, side by side where they do not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from threading import Event


def closure(names: Collection[str], depends_on: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Collect the names and all that they depend on, directly or not."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(depends_on[name])
    return found


def dependents(names: Collection[str], depends_on: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Give for each name those of the names that depend on it, directly or through others: the order of stopping."""
    needs = {name: closure(depends_on[name], depends_on) for name in names}
    return {name: tuple(other for other in names if name in needs[other]) for name in names}


def in_order(depends_on: Mapping[str, tuple[str, ...]]) -> list[str]:
    """List every name after the names it depends on."""
    return list(TopologicalSorter(depends_on).static_order())


def run_in_order(depends_on: Mapping[str, tuple[str, ...]], act: Callable[[str, Event], None]) -> None:
    """Call `act` for each name, in threads, each as soon as the calls for all it depends on have returned.

    After a failure nothing new begins and the event that each call was given is set, which asks it to return; the first
    failure is raised.
    """
    sorter = TopologicalSorter(depends_on)
    sorter.prepare()
    given_up = Event()
    running: dict[Future[None], str] = {}
    with ThreadPoolExecutor(max_workers=max(1, len(depends_on))) as threads:
        try:
            while sorter.is_active():
                running |= {threads.submit(act, name, given_up): name for name in sorter.get_ready()}
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    sorter.done(running.pop(future))
        finally:
            given_up.set()
