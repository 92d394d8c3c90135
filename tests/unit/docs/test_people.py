"""The guide says what the tables say."""

from __future__ import annotations

from pathlib import Path

from headrace_events.scopes import MEANING

GUIDE = Path(__file__).parents[3] / "docs" / "people.md"


def test_the_guide_shows_every_scope_and_its_meaning() -> None:
    lines = GUIDE.read_text().splitlines()
    for scope, meaning in MEANING.items():
        assert f"| `{scope}` | {meaning} |" in lines
