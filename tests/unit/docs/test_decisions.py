"""What a decision says it is held by exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.named import ROOT, everywhere

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def held_by(text: str) -> list[str]:
    """What stands in code marks behind `*Held by*`."""
    return [name for part in re.findall(r"\*Held by\*(.*?)(?:\n\n|\Z)", text, re.DOTALL) for name in marked(part)]


def marked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem[:4])
def test_the_tests_that_hold_a_decision_exist(page: Path) -> None:
    text = page.read_text()
    named = [name for name in marked(text) if name.startswith("test_")]
    assert set(named) <= everywhere()
    for name in held_by(text):
        assert name.startswith("test_") or (ROOT / name).is_file(), name


def test_decisions_are_numbered_one_after_the_other_and_some_are_held() -> None:
    assert [page.stem[:4] for page in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    assert sum(bool(held_by(page.read_text())) for page in DECISIONS) >= 4
