"""What is sent and answered about users."""

from pydantic import BaseModel, Field

from headrace_api.body import Body, Name, Text
from headrace_api.sending import Accepted
from headrace_api.sessions.models import Secret
from headrace_events.scopes import Scope
from headrace_projections.catalogue.queries.users import MembershipRow


class NewUser(Body):
    """A person to be."""

    user: Name = Field(description="3 to 24 of a-z, 0-9 and '-', a letter first", examples=["ada"])


class Registration(NewUser):
    """Somebody who asks to become a user."""

    password: Secret | None = Field(default=None, description="12 to 200 characters; none for who signs in elsewhere")


class Reason(Body):
    """Why something is done to a person."""

    reason: Text = Field(default="", description="shown to administrators; kept encrypted, under a key of that person")


class FirstAdministrator(Accepted):
    """The founder, and the only time the key is shown."""

    user: str
    key: str = Field(description="`<key id>.<secret>`")


class Whoami(BaseModel):
    """Whose key it is, and what it opens."""

    user: str
    administrator: bool
    limited_to: str | None = Field(description="the one project the key may be used for; null: any")
    scopes: list[Scope] | None = Field(description="what the key may be used for; null: anything")
    projects: list[MembershipRow]
