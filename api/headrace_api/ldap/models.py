"""What is sent and answered about the directory."""

from pydantic import BaseModel, Field

from headrace_api.body import Body, Name
from headrace_api.sessions.models import Secret


class DirectorySignIn(Body):
    """Who somebody is in the directory, and their password there."""

    user: Name = Field(description="the name in the directory")
    password: Secret
    code: Secret | None = Field(
        default=None, description="a one-time or recovery code of Headrace, where they are used"
    )
    cookie: bool = Field(default=False, description="for browsers: the token comes as a cookie, not in the answer")


class DirectoryShown(BaseModel):
    """The directory that people sign in with."""

    provider: str = Field(description="what identities of it are kept under", examples=["ldap:dc=example,dc=com"])


class DirectoryIdentity(Body):
    """One's name and password in the directory, and the proof that it is the person here who wants it."""

    user: Name = Field(description="the name in the directory")
    password: Secret
    current: Secret | None = Field(default=None, description="the password of Headrace, if there is one")
    code: Secret | None = Field(default=None, description="a one-time code of Headrace, where they are used")
