"""Comparisons of stores take turns, and nobody waits for ever."""

from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint

from headrace_api.consistency.routes import turn
from headrace_api.errors import Busy


def test_who_finds_no_turn_is_told_to_try_again_and_the_next_one_has_it() -> None:
    async def story() -> list[str]:
        limiter = anyio.CapacityLimiter(1)
        told: list[str] = []

        async def second() -> None:
            with pytest.raises(Busy, match="other comparisons are under way"):
                async with turn(limiter, 0.01):
                    told.append("both at once")
            told.append("refused")

        async with anyio.create_task_group() as group, turn(limiter, 1.0):
            group.start_soon(second)
            while not told:
                await checkpoint()
        async with turn(limiter, 0.01):
            told.append("next")
        return told

    assert anyio.run(story) == ["refused", "next"]
