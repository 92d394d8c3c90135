"""The gateway that serves a project's models, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from headrace._errors import Unavailable, Unreachable, error_of

if TYPE_CHECKING:
    from headrace._project import Project

PATIENCE_S = 20.0
"""How long a request for predictions is tried again while nothing is ready."""


class Gateway:
    """The gateway as one project reaches it; its address is asked for when it is first needed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._api = project._api
        self._client: httpx.Client | None = None

    def answers(self, name: str) -> bool:
        """Whether the gateway answers for a deployment."""
        try:
            return self._connected().get(f"/v2/models/{name}/ready").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a body to the gateway, again while nothing is ready; raises HeadraceError."""
        content = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
        deadline = time.monotonic() + PATIENCE_S
        pause = 0.05
        while True:
            failure: Unreachable
            try:
                response = self._connected().post(path, content=content)
            except httpx.TransportError as error:
                failure = Unreachable(f"the gateway does not answer: {error!r}", code="unreachable")
            else:
                if response.status_code == httpx.codes.OK:
                    answer: dict[str, Any] = orjson.loads(response.content)
                    return answer
                found = _error(response)
                if not isinstance(found, Unavailable):
                    raise found
                failure = found
            if time.monotonic() + pause > deadline:
                raise failure
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def close(self) -> None:
        """Let the connections to the gateway go."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(
                base_url=self.url,
                headers={"Authorization": f"Bearer {self._api.key}", "Content-Type": "application/json"},
                timeout=httpx.Timeout(60.0, connect=5.0),
            )
        return self._client

    @property
    def url(self) -> str:
        """Its address for the project: that of the environment, else as the API says."""
        given = self._project._settings.given
        if given.get("HEADRACE_PROJECT") == self._project.name and given.get("HEADRACE_SERVING"):
            return given["HEADRACE_SERVING"]
        return str(self._api.get(f"/api/projects/{self._project.name}/serving")["url"])


def _error(response: httpx.Response) -> Exception:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        body = {"error": response.text[:500]}
    status = 422 if response.status_code == httpx.codes.BAD_REQUEST else response.status_code
    return error_of(status, {**body, "message": body.get("error")})
