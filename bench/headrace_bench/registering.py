"""Confluent's clients that register schemas at once, each on a thread of its own; and the command processor, killed."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from headrace import Platform
from headrace_bench import servers, tenancy
from headrace_bench.measure import Figure, Goal
from headrace_compose.stack import Stack

CLIENTS = 50
EACH = 20
KILLS = 2
PATIENCE_S = 300.0
"""How long the clients may take to come further."""
PAGE = 1_000
HURRY = {"timeout": 1.0, "max.retries": 100, "retries.wait.ms": 50, "retries.max.wait.ms": 500}
"""Settings of a client that asks again while its first request may still be decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A schema (Avro, JSON text) in a subject."""

    subject: str
    schema: str


def wishes(client: int, each: int) -> list[Version]:
    """What a client registers, one after the other: so many schemas that no other client has.

    Each is compatible with all others. Some clients put each of theirs into two subjects, some share one subject.
    """
    match client % 10:
        case 0 | 5:
            subjects = [f"own-{client}", f"again-{client}"]
        case 3 | 4:
            subjects = [f"shared-{client // 10}"]
        case _:
            subjects = [f"own-{client}"]
    schemas = [_schema(f"f{client}_{number}") for number in range(each)]
    return [Version(subject=subject, schema=schema) for schema in schemas for subject in subjects]


def _schema(field: str) -> str:
    fields = [{"name": field, "type": ["null", "string"], "default": None}]
    return json.dumps({"type": "record", "name": "bench.Seen", "fields": fields}, separators=(",", ":"))


class Registering:
    """The clients at work; `acknowledged` holds the id that was told of each version.

    Every other client has Confluent's own settings, the others hurry. All of them send again what was not answered, or
    with an error of the server, as a command of its own: the registry knows nothing of command ids.
    """

    def __init__(self, url: str, credential: str, *, each: int = EACH) -> None:
        self.acknowledged: dict[Version, int] = {}
        self.wanted = [version for client in range(CLIENTS) for version in wishes(client, each)]
        self._failures: list[BaseException] = []
        self._further = threading.Condition()
        self._began = time.perf_counter()
        self._pool = ThreadPoolExecutor(CLIENTS)
        settings: dict[str, Any] = {"url": url, "basic.auth.user.info": credential}
        for client in range(CLIENTS):
            hurry = HURRY if client % 2 else {}
            self._pool.submit(self._register, {**settings, **hurry}, wishes(client, each))

    def until(self, acknowledged: int) -> None:
        """Return when that many are acknowledged; raises TimeoutError, and what a client met with."""
        with self._further:
            reached = self._further.wait_for(
                lambda: self._failures or len(self.acknowledged) >= acknowledged, PATIENCE_S
            )
        if self._failures:
            raise self._failures[0]
        if not reached:
            raise TimeoutError(f"{len(self.acknowledged)} schemas acknowledged after {PATIENCE_S:.0f} s more")

    def end(self) -> float:
        """Wait until everything is acknowledged; the seconds that it took. Raises like `until`."""
        self.until(len(self.wanted))
        self._pool.shutdown()
        return time.perf_counter() - self._began

    def _register(self, settings: Mapping[str, Any], wanted: Sequence[Version]) -> None:
        try:
            with SchemaRegistryClient(dict(settings)) as client:
                for version in wanted:
                    schema_id = client.register_schema(version.subject, Schema(version.schema, "AVRO"))
                    with self._further:
                        self.acknowledged[version] = schema_id
                        self._further.notify_all()
        except BaseException as error:
            with self._further:
                self._failures.append(error)
                self._further.notify_all()
            raise


def listed(url: str, credential: str) -> dict[Version, int]:
    """The ids of all versions that a registry has; raises AssertionError where a subject's are not numbered 1 to n."""
    found: dict[Version, int] = {}
    numbers: dict[str, int] = defaultdict(int)
    user, _, key = credential.partition(":")
    with httpx.Client(base_url=url, auth=(user, key), timeout=60) as http:
        while rows := http.get("/schemas", params={"offset": len(found)}).raise_for_status().json():
            for row in rows:
                numbers[row["subject"]] += 1
                if row["version"] != numbers[row["subject"]]:
                    raise AssertionError(f"version {row['version']} of {row['subject']} follows no other")
                found[Version(subject=row["subject"], schema=row["schema"])] = row["id"]
    return found


def killed(stack: Stack, administrator: Platform) -> Figure:
    """How many schemas are not found as they were acknowledged, or not under an id of their own."""
    with tenancy.project(administrator) as owned:
        url, credential = owned.project.get_schema_registry().url, f"bench:{owned.key}"
        registering = Registering(url, credential)
        for number in range(1, KILLS + 1):
            registering.until(number * len(registering.wanted) // (KILLS + 1))
            servers.kill(stack, "command-processor")
        seconds = registering.end()
        told, found = registering.acknowledged, listed(url, credential)
    servers.until_ready(stack)
    lost = sum(found.get(version) != schema_id for version, schema_id in told.items())
    ids, schemas = len(set(told.values())), len({version.schema for version in told})
    times = {2: "twice"}.get(KILLS, f"{KILLS} times")
    what = f"{CLIENTS} clients registering, the command processor killed {times}: {ids:,} ids in {seconds:.1f} s"
    return Figure(what=what, unit="lost", p50=lost + abs(schemas - ids), goal=Goal(p50=0))
