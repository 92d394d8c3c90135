"""What is sent and answered about one-time codes."""

from pydantic import Field

from headrace_api.body import Body
from headrace_api.sending import Accepted
from headrace_api.sessions.models import Secret


class Enrolled(Accepted):
    """A seed for an authenticator app, and the only time it is shown."""

    secret: str = Field(description="base32")
    uri: str = Field(description="`otpauth://…`: what a QR code of it says")


class Code(Body):
    """A code that the app shows."""

    code: Secret


class Confirmed(Accepted):
    """One-time codes are asked for from now on; the recovery codes are shown only here."""

    recovery_codes: list[str]


class Removal(Body):
    """Who removes one-time codes shows a code once more, and the password."""

    password: Secret | None = Field(default=None, description="the present one, if there is one")
    code: Secret | None = None
