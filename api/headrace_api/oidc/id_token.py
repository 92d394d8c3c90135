"""Checking an ID token (OpenID Connect Core 1.0, section 3.1.3.7). No I/O."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from joserfc.jws import JWSRegistry, extract_compact

from headrace_api.oidc.errors import NotProved

logger = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key of which the provider publishes the other half: no `none`, no shared secret."""
LEEWAY_S = 60
_OPS = ("verify",)
_KINDS = frozenset({"RSA", "EC", "OKP"})


class _Accepted(JWSRegistry):
    """Tokens whose header says more than we know, as a header may (RFC 7515, section 4), a certificate for example."""

    max_header_length = 16_000


_ACCEPTED = _Accepted(algorithms=ALGORITHMS, strict_check_header=False)


class UnknownKey(Exception):
    """The token names a key that is not among those known."""


def signing_keys(published: Mapping[str, Any]) -> dict[str, Key]:
    """The keys of a JWK set that sign, by their id; those we cannot read are not for us (RFC 7517, section 5)."""
    found = {}
    for number, jwk in enumerate(published.get("keys", ())):
        if jwk.get("kty") not in _KINDS or jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", _OPS):
            continue
        kid = str(jwk.get("kid", f"#{number}"))
        try:
            key = import_key({**jwk, "use": "sig"})
            key.public_key  # noqa: B018 - read when it is first asked for
        except (JoseError, KeyError, ValueError, TypeError) as error:
            logger.warning("the provider's key %r cannot be read, and is left out: %r", kid[:80], error)
            continue
        found[kid] = key
    return found


def verified(
    token: str, keys: Mapping[str, Key], *, issuer: str, client_id: str, nonce: str, now: int
) -> dict[str, Any]:
    """The claims of a token that is for us, of this sign-in, and in time; raises NotProved, UnknownKey."""
    try:
        header = extract_compact(token.encode(), registry=_ACCEPTED).headers()
        if header.get("alg") not in ALGORITHMS:
            raise NotProved("wrong-token", f"the ID token is signed with {str(header.get('alg'))[:20]!r}")
        claims = dict(jwt.decode(token, _key(header, keys), registry=_ACCEPTED).claims)
        jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
    except (JoseError, ValueError) as error:
        raise NotProved("wrong-token", f"the ID token does not count: {error}") from error
    _must_be_for_us(claims, client_id)
    return claims


def _must_be_for_us(claims: Mapping[str, Any], client_id: str) -> None:
    audience: str | Sequence[str] = claims["aud"]
    of_many = not isinstance(audience, str) and len(audience) > 1
    if claims.get("azp", None if of_many else client_id) != client_id:
        raise NotProved("wrong-token", "the ID token was made for another client")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise NotProved("wrong-token", "the ID token names nobody")


def _key(header: Mapping[str, Any], keys: Mapping[str, Key]) -> Key:
    kid = header.get("kid")
    if kid is None and len(keys) == 1:
        return next(iter(keys.values()))
    if not isinstance(kid, str) or kid not in keys:
        raise UnknownKey(str(kid)[:80])
    return keys[kid]
