"""The OpenID provider: its metadata, its keys as they change, and what it gives for an authorization code."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import Key

from headrace_api.oidc.errors import NotProved, ProviderUnavailable
from headrace_api.oidc.flow import Flow
from headrace_api.oidc.id_token import UnknownKey, signing_keys, verified
from headrace_api.oidc.settings import OidcSettings, must_be_safe

TIMEOUT_S = 10.0
KNOWN_S = 600.0
"""How long metadata and keys are believed: a key that the provider took back counts no longer than that."""
AGAIN_S = 5.0
"""How soon the keys are read again for one that is not among them, or after they could not be."""


_ADDRESS = frozenset({"email", "email_verified"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    metadata: Mapping[str, Any]
    keys: Mapping[str, Key]
    read: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    at: float
    reason: str


class Provider:
    """One provider, asked over HTTP; `url` is the API's, `clock` gives seconds from anywhere, and only grows."""

    def __init__(self, settings: OidcSettings, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.settings = settings
        self.url = settings.public_url or url
        self._callback = f"{self.url}/api/oidc/callback"
        self._known: _Known | None = None
        self._failed: _Failed | None = None
        self._reading = asyncio.Lock()
        self._trusted = ssl.create_default_context(cafile=settings.authorities)

    async def address(self, flow: Flow) -> str:
        """Where the browser goes to sign in; raises ProviderUnavailable."""
        metadata = (await self._now()).metadata
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self._callback,
            "scope": " ".join(self.settings.scopes),
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.provider_challenge,
            "code_challenge_method": "S256",
        }
        endpoint: str = metadata["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def must_have_answered(self, issuer: str | None) -> None:
        """Raise NotProved where another provider sent the browser back (RFC 9207)."""
        named = (await self._now()).metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.settings.issuer and (named or issuer is not None):
            raise NotProved("wrong-issuer", "the answer is of another provider than the one that was asked")

    async def claims(self, code: str, flow: Flow) -> Mapping[str, Any]:
        """What the provider says of whoever the code stands for; raises NotProved, ProviderUnavailable."""
        metadata = (await self._now()).metadata
        tokens = await self._redeemed(code, flow, metadata)
        claims = await self._verified(str(tokens.get("id_token", "")), flow)
        wanted = {self.settings.name_claim, *(_ADDRESS if self.settings.domains else ())}
        if wanted <= claims.keys() or "userinfo_endpoint" not in metadata or "access_token" not in tokens:
            return claims
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        more = await self._json("GET", metadata["userinfo_endpoint"], headers=bearer)
        if more.get("sub") != claims["sub"]:
            raise NotProved("wrong-token", "the provider's user information is somebody else's")
        return _joined(claims, more)

    async def _redeemed(self, code: str, flow: Flow, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        secret = self.settings.secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": flow.verifier,
            "client_id": self.settings.client_id,
        }
        by_post = metadata.get("token_endpoint_auth_methods_supported") == ["client_secret_post"]
        basic = None
        if secret is not None and by_post:
            form["client_secret"] = secret
        elif secret is not None:
            basic = httpx.BasicAuth(_quoted(self.settings.client_id), _quoted(secret))
        response = await self._asked("POST", metadata["token_endpoint"], data=form, auth=basic)
        if response.status_code in {400, 401}:
            raise NotProved("code-refused", f"the provider refused the code: {_reason(response)}")
        return self._object(response)

    async def _verified(self, token: str, flow: Flow) -> dict[str, Any]:
        known = await self._now()
        try:
            return self._verified_by(known, token, flow)
        except UnknownKey:
            fresh = await self._now(older_than=AGAIN_S)
        try:
            return self._verified_by(fresh, token, flow)
        except UnknownKey as unknown:
            raise NotProved("wrong-token", f"the ID token is signed with a key the provider lacks: {unknown}") from None

    def _verified_by(self, known: _Known, token: str, flow: Flow) -> dict[str, Any]:
        settings, now = self.settings, int(time.time())
        return verified(
            token, known.keys, issuer=settings.issuer, client_id=settings.client_id, nonce=flow.nonce, now=now
        )

    async def _now(self, older_than: float = KNOWN_S) -> _Known:
        """Metadata and keys, read again where they are that many seconds old, by one request for all that wait.

        That they cannot be read is remembered for a while, so that strangers who ask do not make this API ask.
        """
        if (known := self._read_within(older_than)) is not None:
            return known
        async with self._reading:
            if (known := self._read_within(older_than)) is not None:
                return known
            failed = self._failed
            if failed is not None and self._clock() - failed.at <= AGAIN_S:
                raise ProviderUnavailable(self.settings.issuer, failed.reason)
            try:
                known = self._known = await self._read()
            except ProviderUnavailable as error:
                self._failed = _Failed(at=self._clock(), reason=error.reason)
                raise
            return known

    def _read_within(self, seconds: float) -> _Known | None:
        known = self._known
        return known if known is not None and self._clock() - known.read <= seconds else None

    async def _read(self) -> _Known:
        issuer = self.settings.issuer
        metadata = await self._json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != issuer:
            raise ProviderUnavailable(issuer, f"it calls itself {str(metadata.get('issuer'))[:200]!r}")
        try:
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                must_be_safe(metadata[name], name)
            if "userinfo_endpoint" in metadata:
                must_be_safe(metadata["userinfo_endpoint"], "userinfo_endpoint")
            keys = signing_keys(await self._json("GET", metadata["jwks_uri"]))
        except (KeyError, TypeError, AttributeError, ValueError, JoseError) as error:
            raise ProviderUnavailable(issuer, f"its metadata or keys are malformed: {error!r}") from error
        return _Known(metadata=metadata, keys=keys, read=self._clock())

    async def _json(self, method: str, url: str, **how: Any) -> Mapping[str, Any]:
        return self._object(await self._asked(method, url, **how))

    async def _asked(self, method: str, url: str, **how: Any) -> httpx.Response:
        try:
            async with httpx.AsyncClient(verify=self._trusted, timeout=TIMEOUT_S, trust_env=False) as client:
                return await client.request(method, url, **how)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnavailable(self.settings.issuer, f"{type(error).__name__} {error}") from error

    def _object(self, response: httpx.Response) -> Mapping[str, Any]:
        if response.status_code != httpx.codes.OK:
            raise ProviderUnavailable(self.settings.issuer, f"HTTP {response.status_code} from {response.url.path}")
        try:
            found = response.json()
        except ValueError as error:
            raise ProviderUnavailable(self.settings.issuer, f"no JSON from {response.url.path}") from error
        if not isinstance(found, dict):
            raise ProviderUnavailable(self.settings.issuer, f"no object from {response.url.path}")
        return found


def _joined(token: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
    """What both say, the token first; an address and whether it was verified are of the same one of them."""
    source = token if token.keys() >= _ADDRESS else more
    address = {name: source[name] for name in _ADDRESS & source.keys()}
    rest = {name: said for name, said in {**more, **token}.items() if name not in _ADDRESS}
    return {**rest, **address}


def _quoted(text: str) -> str:
    """As the first half and the second of basic authentication want it (RFC 6749, section 2.3.1)."""
    return urlencode({"": text})[1:]


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json().get("error", ""))[:100]
    except (ValueError, AttributeError):
        return f"HTTP {response.status_code}"
