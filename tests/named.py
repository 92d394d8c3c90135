"""Tests by name: what a page or another test points at is really there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent


@cache
def functions(path: Path) -> dict[str, str]:
    """The tests of a file, each with its source."""
    text = path.read_text()
    return {
        node.name: ast.get_source_segment(text, node) or ""
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def source(name: str) -> str:
    """The source of the test `path::function`, the path from the root of the repository; AssertionError without it."""
    path, _, function = name.partition("::")
    assert (ROOT / path).is_file(), f"there is no {path}"
    found = functions(ROOT / path)
    assert function in found, f"{path} has no {function}"
    return found[function]


@cache
def everywhere() -> frozenset[str]:
    """The names of all tests."""
    return frozenset(name for path in TESTS.rglob("test_*.py") for name in functions(path))
