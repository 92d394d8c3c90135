"""The samples of the README and of the guides: what a reader would type."""

from __future__ import annotations

import linecache
import re
from pathlib import Path
from typing import Any

_REPOSITORY = Path(__file__).parents[2]
_DOCS = _REPOSITORY / "docs"

README = _REPOSITORY / "README.md"
FOLLOWED = tuple(
    _DOCS / f"{page}.md"
    for page in (
        "features",
        "time-travel",
        "training-data",
        "feature-monitoring",
        "transformations",
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


def follow(page: Path, names: dict[str, Any]) -> int:
    """Do what the page's samples in Python do, in that space of names; how many there are.

    Functions that they define have a source to be read, as in a notebook.
    """
    samples = blocks(page, "python")
    for number, sample in enumerate(samples):
        name = f"{page.name}#{number}"
        linecache.cache[name] = (len(sample), None, sample.splitlines(keepends=True), name)
        exec(compile(sample, name, "exec"), names)  # noqa: S102 - that is what samples are for
    return len(samples)


def block(page: Path, language: str, number: int = 0) -> str:
    """One of them; the first, unless another is asked for."""
    return blocks(page, language)[number]
