"""Addresses: free ones unless configured, and the same ones again after a restart."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from headrace_broker.private_files import write_private
from headrace_compose.errors import PortInUse

# Below the range that Linux takes outgoing ports from, so that no connection sits on a port while its server restarts.
LOWEST, HIGHEST = 20000, 32000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `host:port`."""
        host, _, port = text.rpartition(":")
        return cls(host, int(port))


def choose(kept: Path, host: str, wanted: Mapping[str, int | None], running: frozenset[str]) -> dict[str, Address]:
    """Give each name of `wanted` an address on `host` and keep the choice in the file `kept`.

    A configured port is taken as it is; otherwise the port of last time, if it is free or its service is among the
    `running`; otherwise any free one.

    Raises:
        PortInUse: a configured port belongs to somebody else.
    """
    before: dict[str, int] = json.loads(kept.read_text()) if kept.exists() else {}
    chosen: dict[str, int] = {}
    for name, port in wanted.items():
        last = before.get(name)
        if name in running and last is not None:
            chosen[name] = last
        elif port is not None:
            if not is_free(host, port):
                raise PortInUse(name, host, port, owner_of(port))
            chosen[name] = port
        elif last is not None and is_free(host, last):
            chosen[name] = last
        else:
            chosen[name] = _free_port(host, {*chosen.values(), *before.values()})
    write_private(kept, json.dumps({**before, **chosen}, indent=2).encode())
    return {name: Address(host, port) for name, port in chosen.items()}


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def owner_of(port: int) -> str | None:
    """Name the process that listens on `port`, if this user may know it."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return None
    return None


def _free_port(host: str, taken: set[int]) -> int:
    candidates = [port for port in range(LOWEST, HIGHEST) if port not in taken]
    random.shuffle(candidates)
    return next(port for port in candidates if is_free(host, port))
