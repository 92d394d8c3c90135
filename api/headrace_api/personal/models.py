"""What is sent about what identifies a person."""

from typing import Annotated

from pydantic import Field

from headrace_api.body import Body
from headrace_api.sessions.models import Secret

Short = Annotated[str, Field(max_length=200)]


class Profile(Body):
    """What a person is called, and how they are reached; it takes the place of what was said before."""

    full_name: Short | None = Field(default=None, examples=["Ada Lovelace"])
    email: Annotated[str, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")] | None = Field(
        default=None, examples=["ada@example.org"]
    )


class Confirmation(Body):
    """That it is meant, and for oneself by whom."""

    confirm: Short = Field(description="the user name once more: what is erased never comes back")
    password: Secret | None = Field(default=None, description="one's own, if there is one, to erase oneself")
    code: Secret | None = Field(default=None, description="a one-time or recovery code, where they are used")
