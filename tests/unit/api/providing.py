"""An OpenID provider that says whatever a test wants it to, the truth or not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, Key
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter
from tests.unit.api.in_memory import served

from headrace_api.oidc.flow import challenge_of

CLIENT = "headrace"
_ANY_HEADER = JWSRegistry(header_registry={"of-our-own": HeaderParameter("ours", "str")})


@dataclass(slots=True)
class LyingProvider:
    """Tells the truth about ada until a test changes what it says."""

    url: str = ""
    keys: list[Key] = field(default_factory=lambda: [new_key("first")])
    algorithm: str = "ES256"
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    token: str | None = None
    userinfo: dict[str, Any] | None = None
    nonce: str = ""
    challenge: str = ""
    asked: list[str] = field(default_factory=list)

    def sends_to(self, query: Mapping[str, str]) -> None:
        """Remember what the browser was sent with."""
        self.nonce, self.challenge = query["nonce"], query["code_challenge"]

    def id_token(self) -> str:
        """A token for this client, changed as the test says."""
        now = int(time.time())
        truth = {
            "iss": self.url,
            "sub": "subject-1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "preferred_username": "ada",
        }
        said = {name: value for name, value in {**truth, **self.claims}.items() if value is not None}
        key = self.keys[-1]
        header = {"alg": self.algorithm, "kid": key.kid, **self.header}
        return jwt.encode(header, said, key, registry=_ANY_HEADER)


def new_key(kid: str) -> Key:
    """A key to sign with."""
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


@contextmanager
def providing() -> Iterator[LyingProvider]:
    """The provider, on a port of its own."""
    says, app = LyingProvider(), FastAPI()

    @app.get("/.well-known/openid-configuration")
    async def metadata() -> dict[str, Any]:
        says.asked.append("metadata")
        endpoints = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        more = {"userinfo_endpoint": f"{says.url}/userinfo"} if says.userinfo is not None else {}
        told = {name: says.url + path for name, path in endpoints.items()}
        return {"issuer": says.url, **told, **more, **says.metadata}

    @app.get("/keys")
    async def keys() -> dict[str, Any]:
        says.asked.append("keys")
        return {"keys": [{"kty": "unheard-of"}, *(key.as_dict(private=False) for key in says.keys)]}

    @app.get("/userinfo")
    async def userinfo() -> dict[str, Any]:
        return says.userinfo or {}

    @app.post("/token")
    async def token(request: Request) -> JSONResponse:
        form = dict(part.split("=", 1) for part in (await request.body()).decode().split("&"))
        if form["code"] != "good" or challenge_of(form["code_verifier"]) != says.challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"id_token": says.token or says.id_token(), "access_token": "t", "token_type": "Bearer"})

    with served(app) as url:
        says.url = url
        yield says
