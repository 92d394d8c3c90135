"""Around every request: an id that error, log and answer share; a count and a time; no answer without a reason."""

import logging
import re
import time
import uuid

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace_api.browsers import tell
from headrace_api.context import Context
from headrace_api.errors import problem

logger = logging.getLogger("headrace.api")

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0)


class RequestMetrics:
    """Requests by method, route and status, and how long they took, in seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count = Counter(
            "headrace_api_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "headrace_api_request_seconds",
            "Seconds from request to answer",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def took(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._count.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class Requests:
    """Gives each request its id (the caller's X-Request-Id, if it is one) and counts it; a bug becomes a 500.

    Every answer tells browsers what they may do with it.
    """

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and see to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        context: Context = scope["app"].state.context
        over_tls = context.browsers_url.startswith("https:")
        began = time.perf_counter()
        status = 0

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                tell(headers.raw, over_tls=over_tls)
            await send(message)

        try:
            if b"\0" in scope["path"].encode() or b"%00" in scope.get("query_string", b""):
                message = "a path or query holds a NUL character, which nothing is named with"
                await problem(Request(scope), 422, "invalid-request", message)(scope, receive, named)
            else:
                await self._app(scope, receive, named)
        except Exception:
            logger.exception("%s %s failed, request %s", scope["method"], scope["path"], request_id)
            if status:
                raise
            message = "the server failed; its log tells more under this request's id"
            await problem(Request(scope), 500, "internal", message)(scope, receive, named)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            self._metrics.took(scope["method"], route, status, time.perf_counter() - began)
