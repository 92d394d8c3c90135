"""What is sent and answered about single sign-on."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from headrace_api.body import Body

_URL_SAFE = "A-Za-z0-9_-"

Port = Annotated[
    int | None, Query(ge=1024, le=65535, description="where a program on this machine waits, on 127.0.0.1")
]
ProgramState = Annotated[
    str | None,
    Query(pattern=f"^[{_URL_SAFE}]{{16,128}}$", description="the program gets it back, and knows that it asked"),
]
Challenge = Annotated[
    str | None,
    Query(pattern=f"^[{_URL_SAFE}]{{43}}$", description="SHA-256, in base64url, of a verifier that the program shows"),
]
To = Annotated[
    str | None,
    Query(
        pattern=f"^/([.~{_URL_SAFE}][./~?=&%{_URL_SAFE}]*)?$",
        max_length=500,
        description="the page of this site that the browser goes on to; a path",
    ),
]
FromProvider = Annotated[str | None, Query(max_length=8_000)]


class SingleSignOn(BaseModel):
    """Where people of this platform sign in."""

    issuer: str = Field(description="the OpenID provider")
    start: str = Field(description="open this in a browser")


class ShownCode(Body):
    """The code that a program's loopback address was given."""

    code: str = Field(max_length=8_000)
    verifier: str = Field(min_length=43, max_length=128, description="of the challenge that the program sent")
