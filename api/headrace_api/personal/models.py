"""What is sent about what identifies a person."""

from typing import Annotated

from pydantic import Field

from headrace_api.body import Body

Short = Annotated[str, Field(max_length=200)]


class Profile(Body):
    """What a person is called, and how they are reached; it takes the place of what was said before."""

    full_name: Short | None = Field(default=None, examples=["Ada Lovelace"])
    email: Annotated[str, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")] | None = Field(
        default=None, examples=["ada@example.org"]
    )


class Confirmation(Body):
    """That it is meant."""

    confirm: Short = Field(description="the user name once more: what is erased never comes back")
