"""What every process of ours has: a log line format, a stop signal, `/healthz` and Prometheus `/metrics`."""

import json
import logging
import math
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC, ISO 8601), level, logger, message, and the error where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send the process's log to its standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def stop_on_signals() -> threading.Event:
    """An event that is set by SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


class Monitor:
    """Health and metrics of one process, over HTTP where an address is given."""

    def __init__(self, process: str, address: str | None) -> None:
        self.registry = CollectorRegistry()
        self._prefix = f"headrace_{process}"
        self._healthy_until = -math.inf
        self._lag: int | None = None
        self.gauge("healthy", "1 while the process does its work").set_function(lambda: float(self._at_work()))
        if address is not None:
            self._serve(address)

    def counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        """A counter under the process's prefix."""
        return Counter(f"{self._prefix}_{name}", text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        """A gauge under the process's prefix."""
        return Gauge(f"{self._prefix}_{name}", text, labels, registry=self.registry)

    def healthy(self, healthy: bool, seconds: float = math.inf) -> None:
        """Say whether the process does its work now; the word holds that long, so one that hangs is not healthy."""
        self._healthy_until = time.monotonic() + seconds if healthy else -math.inf

    def _at_work(self) -> bool:
        return time.monotonic() < self._healthy_until

    def lag(self, offsets: int) -> None:
        """Say how many offsets of its topics the process has still to read."""
        self._lag = offsets

    def _serve(self, address: str) -> None:
        monitor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/healthz":
                    at_work = monitor._at_work()
                    said = {"status": "ok" if at_work else "not ready", "lag": monitor._lag}
                    status, body = (200 if at_work else 503), json.dumps(said).encode() + b"\n"
                elif self.path == "/metrics":
                    status, body = 200, generate_latest(monitor.registry)
                else:
                    status, body = 404, b"see /healthz and /metrics\n"
                self.send_response_only(status)  # without the header that names what serves it
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: probes are not news."""

        host, _, port = address.rpartition(":")
        server = ThreadingHTTPServer((host, int(port)), Handler)
        threading.Thread(target=server.serve_forever, name="monitor", daemon=True).start()
