"""What the API is told of where people sign in elsewhere; see the guide to single sign-on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PREFIXES = ("HEADRACE_OIDC_", "HEADRACE_LDAP_")


def _set() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if text and name.upper().startswith(PREFIXES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnSettings:
    """Every setting `HEADRACE_OIDC_…` and `HEADRACE_LDAP_…`; the API says which of them it does not know."""

    given: Mapping[str, str] = field(default_factory=_set)

    def environment(self) -> dict[str, str]:
        """As the API is told: paths are absolute, for it runs in a folder of its own."""
        return {
            name.upper(): str(Path(text).absolute()) if name.upper().endswith("_FILE") else text
            for name, text in self.given.items()
        }
