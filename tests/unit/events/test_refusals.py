"""Every code that a command can be refused with is shown by a test that names it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import headrace_events
from headrace_events import errors

TESTS = Path(__file__).parents[2]
LANGUAGE = Path(headrace_events.__file__).parent
KINDS = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.Refusal)
}
COMPUTED = {
    "row_schema.py": "known_type says again what canonical says, and of which column",
    "user.py": "the code says which standing is wanted: user-not-active, user-not-pending, user-not-deactivated",
    "versions.py": "next_version is told what it counts; each of its callers is tested under its own name",
}
"""Modules with a code that is put together when it is raised, one each."""


def refusals() -> Iterator[tuple[Path, type[errors.Refusal], ast.Call]]:
    """Every place in the language that makes a refusal, and of which kind."""
    for path in sorted(LANGUAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if path.name != "errors.py" and isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                kind = KINDS.get(node.func.id)
                if kind is not None:
                    yield path, kind, node


def code_of(kind: type[errors.Refusal], call: ast.Call) -> str | None:
    """The code, where it does not depend on what is known only when the refusal is made."""
    make: Callable[..., errors.Refusal] = kind
    code, other = (make(*(_given(one, probe) for one in call.args)).code for probe in ("x", "y"))
    return code if code == other else None


def _given(argument: ast.expr, probe: str) -> object:
    """What the source says, or the probe in its place."""
    if isinstance(argument, ast.Constant):
        return argument.value
    return {} if isinstance(argument, ast.Dict) else probe


def test_every_refusal_is_named_by_a_test() -> None:
    tests = "\n".join(path.read_text() for path in TESTS.rglob("*.py") if path != Path(__file__))
    found = [(path.name, code_of(kind, call)) for path, kind, call in refusals()]
    assert len(found) > 100
    assert {(name, code) for name, code in found if code is not None and f'"{code}"' not in tests} == set()


def test_no_other_code_is_put_together_when_it_is_raised() -> None:
    assert [path.name for path, kind, call in refusals() if code_of(kind, call) is None] == sorted(COMPUTED)


def test_codes_that_are_put_together_are_named_too() -> None:
    tests = "\n".join(path.read_text() for path in TESTS.rglob("*.py") if path != Path(__file__))
    for code in (
        *(f"{what}-exists" for what in ("feature-group", "feature-view", "model", "training-dataset")),
        *(f"user-not-{standing}" for standing in ("active", "pending", "deactivated")),
    ):
        assert f'"{code}"' in tests, code
