"""The gateway over HTTP: `/projects/{project}/v2/…` and `/projects/{project}/v1/models/{name}:predict`.

Every answer carries an `X-Request-Id`; an error is `{"error": message, "code": …, "request_id": …}`.
"""

import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import orjson
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from headrace_serving.errors import BadRequest, ServingError, TooManyRows
from headrace_serving.gateway import v1, v2
from headrace_serving.gateway.asked import MOST_BYTES
from headrace_serving.gateway.callers import Callers
from headrace_serving.gateway.directory import Place, Serving
from headrace_serving.gateway.predicting import Predicting

logger = logging.getLogger("headrace.gateway")

_TO_BROWSERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

Handler = Callable[[Request], Awaitable[Response]]


class Gateway:
    """The routes. `healthy` says whether the process does its work."""

    def __init__(
        self, predicting: Predicting, callers: Callers, healthy: Callable[[], bool], registry: CollectorRegistry
    ) -> None:
        self._predicting = predicting
        self._callers = callers
        self._healthy = healthy
        self._registry = registry
        self._requests = Counter(
            "headrace_gateway_requests", "Requests answered", ("protocol", "status"), registry=registry
        )
        self._seconds = Histogram(
            "headrace_gateway_request_seconds",
            "Seconds from request to answer, the log included",
            ("protocol",),
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0),
            registry=registry,
        )

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/healthz", self._health),
                Route("/metrics", self._metrics),
                *self._routes("/projects/{project}/v1/models/{name}", _v1_routes(self)),
                *self._routes("/projects/{project}/v2", _v2_routes(self)),
            ],
            exception_handlers={HTTPException: _unrouted, Exception: _broken},
        )

    def _routes(self, prefix: str, routes: list[tuple[str, str, Handler]]) -> list[BaseRoute]:
        protocol = prefix.split("/")[3]
        return [Route(prefix + path, self._around(protocol, handler), methods=[way]) for way, path, handler in routes]

    def _around(self, protocol: str, handler: Handler) -> Handler:
        async def answered(request: Request) -> Response:
            began = time.perf_counter()
            request_id = uuid.uuid4().hex
            try:
                response = await handler(request)
            except ServingError as error:
                response = problem(error.status, error.code, error.message, request_id)
            except Exception:
                logger.exception("%s %s failed, request %s", request.method, request.url.path, request_id)
                response = problem(500, "internal", "the gateway failed; its log tells more", request_id)
            response.headers["X-Request-Id"] = request_id
            self._requests.labels(protocol, str(response.status_code)).inc()
            self._seconds.labels(protocol).observe(time.perf_counter() - began)
            return response

        return answered

    async def _health(self, _: Request) -> Response:
        return PlainTextResponse("ok\n") if self._healthy() else PlainTextResponse("not ready\n", 503)

    async def _metrics(self, _: Request) -> Response:
        return Response(generate_latest(self._registry), media_type="text/plain")

    def _caller(self, request: Request) -> str:
        return self._callers.member(request.headers.get("authorization"), request.path_params["project"])

    def _serving(self, request: Request) -> Serving:
        place = Place(request.path_params["project"], request.path_params["name"])
        return self._predicting.directory.find(place, request.path_params.get("version"))

    async def v1_predict(self, request: Request) -> Response:
        """Predict instances."""
        received, actor = time.time_ns() // 1000, self._caller(request)
        serving = self._serving(request)
        asked, name = v1.read(await body_of(request), received)
        answers = await self._predicting.predict(asked, serving, actor)
        return as_json(v1.answer(name, asked, answers, serving.deployed.place.name, serving.deployed.version))

    async def v1_status(self, request: Request) -> Response:
        """Say whether the model is ready."""
        self._caller(request)
        serving = self._serving(request)
        name = serving.deployed.place.name
        return as_json({"name": name, "ready": self._predicting.ready(serving.deployed.place)})

    async def v2_server(self, request: Request) -> Response:
        """Say what this server is."""
        self._caller(request)
        return as_json({"name": "headrace", "version": version("headrace"), "extensions": []})

    async def v2_live(self, request: Request) -> Response:
        """Say that the server answers."""
        self._caller(request)
        return as_json({"live": True})

    async def v2_health(self, request: Request) -> Response:
        """Say whether the server takes inference requests."""
        self._caller(request)
        healthy = self._healthy()
        return as_json({"ready": healthy, "live": True}, 200 if healthy else 503)

    async def v2_metadata(self, request: Request) -> Response:
        """Say what the model takes and gives."""
        self._caller(request)
        return as_json(v2.metadata(self._serving(request)))

    async def v2_ready(self, request: Request) -> Response:
        """Say whether the model takes inference requests."""
        self._caller(request)
        place = self._serving(request).deployed.place
        ready = self._predicting.ready(place)
        return as_json({"name": place.name, "ready": ready}, 200 if ready else 503)

    async def v2_infer(self, request: Request) -> Response:
        """Predict the rows of tensors."""
        received, actor = time.time_ns() // 1000, self._caller(request)
        serving = self._serving(request)
        asked, outputs = v2.read(await body_of(request), serving, received)
        answers = await self._predicting.predict(asked, serving, actor)
        return as_json(v2.answer(asked, answers, serving, outputs))


def _v1_routes(gateway: Gateway) -> list[tuple[str, str, Handler]]:
    return [
        ("POST", ":predict", gateway.v1_predict),
        ("POST", "/versions/{version:int}:predict", gateway.v1_predict),
        ("GET", "", gateway.v1_status),
    ]


def _v2_routes(gateway: Gateway) -> list[tuple[str, str, Handler]]:
    fixed: list[tuple[str, str, Handler]] = [
        ("GET", "", gateway.v2_server),
        ("GET", "/health/live", gateway.v2_live),
        ("GET", "/health/ready", gateway.v2_health),
    ]
    for model in ("/models/{name}", "/models/{name}/versions/{version:int}"):
        fixed += [
            ("GET", model, gateway.v2_metadata),
            ("GET", f"{model}/ready", gateway.v2_ready),
            ("POST", f"{model}/infer", gateway.v2_infer),
        ]
    return fixed


async def body_of(request: Request) -> Any:
    """The body's JSON; raises TooManyRows before more than the limit was read, BadRequest."""
    if "inference-header-content-length" in request.headers:
        raise BadRequest("the binary tensor extension is not supported: send JSON tensors")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise TooManyRows(f"the body is larger than {MOST_BYTES} bytes: send fewer rows a request")
        parts.append(part)
    try:
        return orjson.loads(b"".join(parts))
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def as_json(body: Any, status: int = 200) -> Response:
    """An answer."""
    return Response(orjson.dumps(body), status, headers=_TO_BROWSERS, media_type="application/json")


def problem(status: int, code: str, message: str, request_id: str) -> Response:
    """An answer that says what went wrong."""
    response = as_json({"error": message, "code": code, "request_id": request_id}, status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="headrace"'
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


async def _unrouted(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = "there is nothing at this path" if status == 404 else "this path does not take this method"
    return problem(status, "not-found" if status == 404 else "method-not-allowed", message, uuid.uuid4().hex)


async def _broken(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "internal", "the gateway failed; its log tells more", uuid.uuid4().hex)
