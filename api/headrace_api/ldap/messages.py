"""LDAP messages as bytes (RFC 4511), the few that signing in takes. No I/O.

A filter is a structure here, never a text: whatever stands in a name is compared, and means nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1_modules import rfc2251

from headrace_api.ldap.errors import DirectoryUnavailable

START_TLS = b"1.3.6.1.4.1.1466.20037"
SUCCESS = 0
MOST_BYTES = 1 << 20
"""The longest message that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the directory says: `code` of a result; `name` and `attributes` of an entry, these in small letters."""

    number: int
    kind: str
    code: int | None = None
    name: bytes = b""
    attributes: dict[str, list[bytes]] | None = None


def bind(number: int, name: bytes, password: bytes) -> bytes:
    """Be that entry from now on."""
    request = rfc2251.BindRequest()
    request["version"] = 3
    request["name"] = name
    request["authentication"]["simple"] = password
    return _message(number, "bindRequest", request)


def search(
    number: int, base: bytes, attribute: str, value: bytes, *, below: bool, wanted: Sequence[str], most: int
) -> bytes:
    """Find the entries whose attribute has that value: at `base`, or also `below` it."""
    request = rfc2251.SearchRequest()
    request["baseObject"] = base
    request["scope"] = "wholeSubtree" if below else "baseObject"
    request["derefAliases"] = "neverDerefAliases"
    request["sizeLimit"] = most
    request["timeLimit"] = 5
    request["typesOnly"] = False
    request["filter"]["equalityMatch"]["attributeDesc"] = attribute.encode()
    request["filter"]["equalityMatch"]["assertionValue"] = value
    for place, name in enumerate(wanted):
        request["attributes"][place] = name.encode()
    return _message(number, "searchRequest", request)


def start_tls(number: int) -> bytes:
    """Turn to TLS (section 4.14)."""
    request = rfc2251.ExtendedRequest()
    request["requestName"] = START_TLS
    return _message(number, "extendedReq", request)


def length(head: bytes) -> tuple[int, int]:
    """Of the first two bytes of a message: how many more say how long it is, and else how long; raises."""
    if head[0] != 0x30:
        raise DirectoryUnavailable("what it sent is no LDAP message")
    return (head[1] & 0x7F, 0) if head[1] & 0x80 else (0, head[1])


def read(message: bytes) -> Answer:
    """A whole message; raises DirectoryUnavailable where it is none."""
    try:
        decoded, rest = decoder.decode(message, asn1Spec=rfc2251.LDAPMessage())
        if rest:
            raise DirectoryUnavailable("what it sent is more than one LDAP message")
        return _answer(decoded)
    except (PyAsn1Error, ValueError) as error:
        raise DirectoryUnavailable("what it sent is no LDAP message") from error


def _answer(decoded: Any) -> Answer:
    operation, number = decoded["protocolOp"], int(decoded["messageID"])
    kind, body = operation.getName(), operation.getComponent()
    if kind in {"bindResponse", "searchResDone", "extendedResp"}:
        return Answer(number=number, kind=kind, code=int(body["resultCode"]))
    if kind != "searchResEntry":
        return Answer(number=number, kind=kind)
    attributes = {
        bytes(one["type"]).decode("ascii", "replace").lower(): [bytes(value) for value in one["vals"]]
        for one in body["attributes"]
    }
    return Answer(number=number, kind=kind, name=bytes(body["objectName"]), attributes=attributes)


def _message(number: int, kind: str, request: Any) -> bytes:
    message = rfc2251.LDAPMessage()
    message["messageID"] = number
    message["protocolOp"][kind] = request
    encoded: bytes = encoder.encode(message)
    return encoded
