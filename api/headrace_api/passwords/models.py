"""What is sent and answered about passwords."""

from pydantic import Field

from headrace_api.body import Body
from headrace_api.sending import Accepted
from headrace_api.sessions.models import Secret
from headrace_events.ids import Micros


class NewPassword(Body):
    """A password to be."""

    password: Secret
    current: Secret | None = Field(default=None, description="the present one, if there is one")
    code: Secret | None = Field(default=None, description="a one-time code, where they are used")


class TemporaryPassword(Accepted):
    """A password that counts only to choose another, and the only time it is shown."""

    user: str
    password: str
    temporary_until: Micros
