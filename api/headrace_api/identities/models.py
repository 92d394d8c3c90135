"""What is answered about identities."""

from pydantic import BaseModel, Field

from headrace_api.oidc.models import ShownCode
from headrace_api.sessions.models import Secret


class IdentityRow(BaseModel):
    """An identity that signs in as a person."""

    identity: str = Field(description="a keyed hash of what the provider calls them, to name it by")
    provider: str = Field(description="the issuer, or the address of the directory")
    user: str


class NewIdentity(ShownCode):
    """An identity to sign in with, and the proof that it is the person who wants it."""

    password: Secret | None = Field(default=None, description="the present one, if there is one")
    one_time_code: Secret | None = Field(default=None, description="where one-time codes are used")
