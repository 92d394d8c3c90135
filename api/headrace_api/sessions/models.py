"""What is sent and answered about sessions."""

from typing import Annotated

from pydantic import BaseModel, Field

from headrace_api.body import Body, Name
from headrace_api.sending import Accepted
from headrace_events.ids import Micros

Secret = Annotated[str, Field(max_length=1_000)]


class SignIn(Body):
    """Who somebody is, and how they prove it."""

    user: Name
    password: Secret
    code: Secret | None = Field(default=None, description="a one-time code or a recovery code, where they are used")
    new_password: Secret | None = Field(default=None, description="in place of a temporary password")
    cookie: bool = Field(default=False, description="for browsers: the token comes as a cookie, not in the answer")


class SignedIn(Accepted):
    """A new session, and the only time its token is shown."""

    user: str
    session_id: str
    token: str | None = Field(description="send it as `Authorization: Bearer`; null where it came as a cookie")
    idle_until: Micros = Field(description="when it ends if it is not used; microseconds UTC")
    ends: Micros = Field(description="when it ends, used or not; microseconds UTC")


class SessionRow(BaseModel):
    """A session that is on; times are microseconds UTC."""

    session_id: str
    idle_until: Micros
    ends: Micros
    current: bool = Field(description="whether this request came with it")
