"""The samples of the README and of the guides: what a reader would type."""

from __future__ import annotations

import re
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]
_DOCS = _REPOSITORY / "docs"

README = _REPOSITORY / "README.md"
FOLLOWED = tuple(
    _DOCS / f"{page}.md"
    for page in (
        "features",
        "time-travel",
        "training-data",
        "online-reads",
        "experiments",
        "serving",
        "monitoring",
        "lineage",
        "schema-registry",
    )
)
"""Guides whose programs go on where the one before stopped, in the order in which the README names them."""
ADMINISTERED = tuple(_DOCS / f"{page}.md" for page in ("audit", "personal-data", "projects"))
"""Guides to what an administrator may do who belongs to no project."""
PEOPLE = _DOCS / "people.md"
API = _DOCS / "api.md"
PROJECTIONS = _DOCS / "projections.md"


def blocks(page: Path, language: str) -> list[str]:
    """The page's samples in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def block(page: Path, language: str, number: int = 0) -> str:
    """One of them; the first, unless another is asked for."""
    return blocks(page, language)[number]
