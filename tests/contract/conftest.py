"""The same servers as for integration tests."""

from tests.integration.conftest import home, stack

__all__ = ["home", "stack"]
