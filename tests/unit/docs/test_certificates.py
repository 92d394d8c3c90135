"""The guide to certificates says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from headrace_events.certificate import Ending
from headrace_events.certificate_life import LIVE_AT_MOST
from headrace_projections.catalogue.queries.certificates import CertificateState

GUIDE = (Path(__file__).parents[3] / "docs" / "certificates.md").read_text()


def test_the_guide_shows_every_state_and_every_reason() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", GUIDE, re.MULTILINE) == [state.value for state in CertificateState]
    assert all(f"`{reason.value}`" in GUIDE for reason in Ending)


def test_the_guide_knows_how_many_count() -> None:
    assert LIVE_AT_MOST == 8
    assert "at most eight that count" in GUIDE
