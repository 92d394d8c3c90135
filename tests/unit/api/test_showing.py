"""What somebody else has just registered shows a moment later, and is waited for."""

from __future__ import annotations

import asyncio

from headrace_api.registry.showing import shown


def test_what_shows_a_moment_later_is_found() -> None:
    answers = iter([[], [], [7]])

    async def look() -> list[int]:
        return next(answers)

    assert asyncio.run(shown(look)) == [7]


def test_what_never_shows_is_not_waited_for_without_end() -> None:
    async def look() -> list[int]:
        return []

    assert asyncio.run(shown(look, seconds=0.05)) == []
