"""What is sent and answered about API keys."""

from pydantic import Field

from headrace_api.body import Body, Name
from headrace_api.sending import Accepted
from headrace_events.ids import Micros
from headrace_events.scopes import Scope


class NewKey(Body):
    """A key to be."""

    user: Name | None = Field(default=None, description="whose; the caller's own if not given")
    project: Name | None = Field(default=None, description="the one project it may be used for; any if not given")
    expires: int | None = Field(default=None, description="microseconds UTC, not after this key's; never if not given")
    scopes: list[Name] | None = Field(default=None, description="what it is for; what this key is for if not given")
    name: str = Field(default="", max_length=100, description="what its owner calls it; kept encrypted")


class IssuedKey(Accepted):
    """A new key, and the only time it is shown."""

    user: str
    key_id: str
    key: str = Field(description="`<key id>.<secret>`: send it as `Authorization: Bearer`")
    project: str | None
    expires: Micros | None
    scopes: list[Scope] | None = Field(description="what it is for; null: everything")
    name: str
