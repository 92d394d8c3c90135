"""As whom a command acts: the administrator of the stack on this machine, else whose key the environment holds.

Without either, it is whoever signed in with `headrace login`.
"""

from __future__ import annotations

import os

import headrace
from headrace._settings import administrator_key, local_api
from headrace_cli.ending import at_the_end

MINUTES = 10
"""How long the key lives with which a command acts as somebody else."""


def signed_in(user: str | None = None) -> headrace.Platform:
    """The platform, as the administrator, or as `user`, vouched for by them; raises HeadraceError.

    It is closed when the command ends.
    """
    key = administrator_key()
    address = local_api() if key is not None else None
    platform = _connected(address or os.environ.get("HEADRACE_API"), key)
    if user is None or user == platform.user:
        return platform
    issued = platform.issue_key(user, hours=MINUTES / 60)
    return _connected(platform.api.url, issued.key)


def _connected(host: str | None, key: str | None) -> headrace.Platform:
    platform = headrace.connect(host=host, api_key=key)
    at_the_end(platform.close)
    return platform
