"""The API of a running stack, as tests use it: signed in as anybody, over HTTP or by the SDK."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.integration.clients import eventually
from tests.integration.platform import Platform

import headrace

ADMINISTRATOR_KEY = "first.secret"


@dataclass(slots=True)
class Served:
    """A stack whose API and projector run too."""

    platform: Platform
    url: str
    home: Path
    http: httpx.Client
    keys: dict[tuple[str, str | None], str] = field(default_factory=dict)

    @contextlib.contextmanager
    def administrator(self) -> Iterator[headrace.Platform]:
        """The platform, as its administrator."""
        with headrace.connect(host=self.url, api_key=ADMINISTRATOR_KEY) as signed_in:
            yield signed_in

    def key(self, user: str, project: str | None = None) -> str:
        """A key of that user, who is made where they are missing."""
        if (user, project) not in self.keys:
            self.platform.user(user)
            with self.administrator() as administrator:
                self.keys[user, project] = administrator.issue_key(user, project=project, hours=2).key
        return self.keys[user, project]

    @contextlib.contextmanager
    def project(self, user: str, name: str) -> Iterator[headrace.Project]:
        """The project, signed in to as that user."""
        with headrace.login(host=self.url, api_key=self.key(user), project=name) as project:
            yield project

    def new_project(self, owner: str = "ada", scientist: str | None = "bob") -> str:
        """A new, ready project, which the tables show."""
        name = self.platform.project(owner, scientist)
        member = f"/api/projects/{name}/members/{scientist or owner}"
        eventually(lambda: self.ask("GET", member).is_success or None, f"{name} to be shown")
        return name

    def ask(self, method: str, path: str, *, key: str = ADMINISTRATOR_KEY, **request: Any) -> httpx.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {key}", **request.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **request)


def unique(prefix: str = "u") -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"
