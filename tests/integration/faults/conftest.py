"""Kills come last: they leave thousands of events on the log that other tests would have to read."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of this folder behind all others."""
    items.sort(key=lambda item: Path(__file__).parent in item.path.parents)
