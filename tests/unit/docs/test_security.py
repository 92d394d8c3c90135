"""What the page of security says is held by a test is."""

from __future__ import annotations

import re

import pytest
from tests.named import ROOT, everywhere

LINES = (ROOT / "docs" / "security.md").read_text().splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in LINES if line.startswith("| ")][1:]
ROWS = [row for row in ROWS if set(row[0]) != {"-"}]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_each_line_is_held_by_tests_that_exist(row: list[str]) -> None:
    theme, asked, how, held = row
    named = re.findall(r"`([^`]+)`", held)
    assert theme
    assert asked
    assert how
    assert named
    assert held == " ".join(f"`{name}`" for name in named), "the last cell names tests and nothing else"
    assert set(named) <= everywhere()


def test_every_theme_stands_together_and_there_are_many_lines() -> None:
    themes = [row[0] for row in ROWS]
    assert len(ROWS) >= 40
    together = [theme for theme, before in zip(themes, ["", *themes], strict=False) if theme != before]
    assert len(together) == len(set(together))
