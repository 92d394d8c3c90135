"""Why the directory lets nobody in.

NotKnownThere          no such name, or another password                     401
DirectoryUnavailable   it does not answer, cannot be trusted, or not as set  503
NoDirectory            there is none to sign in with                         404
"""

from headrace_api.errors import ApiError, Unauthenticated


class NotKnownThere(Unauthenticated):
    """There is nobody of that name, or the password is another."""

    def __init__(self) -> None:
        super().__init__("wrong-password", "there is no such user, or the password is another")


class DirectoryUnavailable(ApiError):
    """The directory cannot be asked: try again, or ask an administrator."""

    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__(
            "directory-unavailable",
            f"the directory does not answer as it should: {reason}",
            headers={"Retry-After": "5"},
        )


class NoDirectory(ApiError):
    """There is no directory to sign in with."""

    status = 404

    def __init__(self) -> None:
        super().__init__("no-directory", "no directory is set up here: sign in with a password of Headrace")
