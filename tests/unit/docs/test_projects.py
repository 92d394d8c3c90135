"""The guide says what the table of quotas says."""

from __future__ import annotations

from pathlib import Path

from headrace_events.quota import QUOTAS

GUIDE = Path(__file__).parents[3] / "docs" / "projects.md"


def test_the_guide_shows_every_quota_and_what_everybody_has() -> None:
    lines = GUIDE.read_text().splitlines()
    for quota, kind in QUOTAS.items():
        default = "no limit" if kind.default is None else f"{kind.default:,}"
        assert f"| `{quota.value}` | {kind.counts} | {default} | {kind.keeper.value} |" in lines
