"""The seed of everything that tests leave to chance, and the way to choose it."""

from __future__ import annotations

import random

import pytest
from hypothesis import settings

# How long an example may take says nothing on a machine that others use too.
settings.register_profile("short", deadline=None)
settings.register_profile("long", max_examples=3_000, deadline=None)
settings.load_profile("short")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the seed be chosen."""
    parser.addoption("--seed", type=int, default=None, help="the seed of the moments at which tests kill processes")


def pytest_configure(config: pytest.Config) -> None:
    """Draw a seed where none was chosen."""
    if config.option.seed is None:
        config.option.seed = random.SystemRandom().randrange(10**6)


def pytest_report_header(config: pytest.Config) -> str:
    """Print it."""
    return f"seed of the kills: {config.option.seed} (to have the same again: --seed {config.option.seed})"


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Chance that repeats for this test with this seed."""
    print(f"--seed {request.config.option.seed}")
    return random.Random(f"{request.config.option.seed} {request.node.name}")  # noqa: S311 - a chance that repeats
