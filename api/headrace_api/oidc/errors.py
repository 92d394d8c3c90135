"""Why the provider's answer does not let anybody in.

NotProved             what came proves nothing: a wrong signature, issuer, audience, nonce, time, state
ProviderUnavailable   the provider does not answer, or with what no provider answers
NotSetUp              there is no provider
"""

from headrace_api.errors import ApiError, Unauthenticated


class NotProved(Unauthenticated):
    """What came from the provider, or from somebody who says so, proves nothing."""


class ProviderUnavailable(ApiError):
    """The provider cannot be asked: try again, or ask an administrator."""

    status = 503

    def __init__(self, issuer: str, reason: str) -> None:
        super().__init__(
            "provider-unavailable",
            f"{issuer} does not answer as it should: {reason}",
            {"issuer": issuer},
            headers={"Retry-After": "5"},
        )
        self.reason = reason


class NotSetUp(ApiError):
    """There is no provider to sign in at."""

    status = 404

    def __init__(self) -> None:
        super().__init__("no-single-sign-on", "single sign-on is not set up here: sign in with a password")
