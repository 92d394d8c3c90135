"""`python -m headrace_api.permissions > docs/permissions.md` writes the page anew."""

import sys

from headrace_api.app import build
from headrace_api.context import opened
from headrace_api.permissions.page import page
from headrace_api.settings import Settings


def written() -> str:
    """The page, with the routes of this copy of the API."""
    return page(build(lambda: opened(Settings.read())).openapi())


if __name__ == "__main__":
    sys.stdout.write(written())
