"""Every code that a command can be refused with is shown by a test that names it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import headrace_events
from headrace_events import errors

TESTS = Path(__file__).parents[2]
LANGUAGE = Path(headrace_events.__file__).parent
NAMES = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
COMPUTED = {
    "feature_group.py": "next_version is told what it counts; each of its callers is tested under its own name",
    "user.py": "the code says which standing is wanted: user-not-active, user-not-pending, user-not-deactivated",
}
"""Modules with a code that is put together when it is raised, one each."""


def refusals() -> Iterator[tuple[Path, ast.Call]]:
    """Every place in the language that makes a refusal."""
    for path in sorted(LANGUAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if path.name != "errors.py" and isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                kind = NAMES.get(node.func.id)
                if kind is not None and issubclass(kind, errors.Refusal):
                    yield path, node


def code_of(call: ast.Call) -> str | None:
    """The code, where the source says it."""
    first = call.args[0]
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name == "WrongVersion":
        return errors.WrongVersion("a", 1, 2).code
    if name == "Archived":
        return errors.Archived("a").code
    if not isinstance(first, ast.Constant):
        return None
    said = str(first.value)
    match name:
        case "NotFound":
            return errors.NotFound(said, "x").code
        case "AlreadyExists":
            return errors.AlreadyExists(said, "x").code
        case "NotReady":
            return errors.NotReady(said, "x", "being made").code
        case _:
            return said


def test_every_refusal_is_named_by_a_test() -> None:
    tests = "\n".join(path.read_text() for path in TESTS.rglob("*.py") if path != Path(__file__))
    found = [(path.name, code_of(call)) for path, call in refusals()]
    assert len(found) > 100
    assert {(name, code) for name, code in found if code is not None and f'"{code}"' not in tests} == set()


def test_no_other_code_is_put_together_when_it_is_raised() -> None:
    assert [path.name for path, call in refusals() if code_of(call) is None] == sorted(COMPUTED)


def test_codes_that_are_put_together_are_named_too() -> None:
    tests = "\n".join(path.read_text() for path in TESTS.rglob("*.py") if path != Path(__file__))
    for code in (
        *(f"{what}-exists" for what in ("feature-group", "feature-view", "model", "training-dataset")),
        *(f"user-not-{standing}" for standing in ("active", "pending", "deactivated")),
    ):
        assert f'"{code}"' in tests, code
