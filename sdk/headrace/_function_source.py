"""The source of a member's function, so that it can be run elsewhere: what it is made of, and nothing it only borrows.

The source has no decorators. Before it stand imports of the modules and of what packages define, and constants, that
the function uses; what else it uses must be inside of it.
"""

from __future__ import annotations

import ast
import inspect
import symtable
import sys
import textwrap
from collections.abc import Callable
from types import ModuleType
from typing import Any

from headrace._errors import Invalid
from headrace._program import is_own

_FUTURE = "from __future__ import annotations\n"


def source_of(function: Callable[..., Any]) -> str:
    """The source, complete; raises Invalid where there is none, or where it would not load elsewhere."""
    name = function.__name__
    try:
        text = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, IndexError) as error:
        raise Invalid(
            f"the source of {name!r} cannot be read ({error}): define it with def, in a file or a notebook",
            code="no-source",
        ) from error
    if not isinstance(tree, ast.FunctionDef):
        raise Invalid(f"{name!r} is no function made by def", code="no-source")
    if function.__code__.co_freevars:
        _borrowed(name, function.__code__.co_freevars[0])
    lines = text.splitlines()[tree.lineno - 1 : tree.end_lineno]
    uses = sorted(_names(tree) & function.__globals__.keys())
    needed = [_definition(name, used, function.__globals__[used]) for used in uses if used != name]
    source = _FUTURE + "".join(f"{line}\n" for line in (*needed, *lines))
    load(source, name)
    return source


def load(source: str, name: str) -> Callable[..., Any]:
    """The function that the source defines. Runs what the source says. Raises Invalid where it does not load."""
    space: dict[str, Any] = {"__name__": f"headrace_transformation_{name}"}
    try:
        exec(compile(source, f"<transformation function {name}>", "exec", dont_inherit=True), space)  # noqa: S102 - asked for
    except Exception as error:
        raise Invalid(
            f"the source of {name!r} does not load: {type(error).__name__}: {error}"[:1_000],
            code="source-does-not-load",
            details={"function": name},
        ) from error
    found = space.get(name)
    if not callable(found):
        raise Invalid(f"the source of {name!r} defines no such function", code="source-does-not-load")
    made: Callable[..., Any] = found
    return made


def statistics_read(source: str, arguments: tuple[str, ...]) -> set[str]:
    """The statistics that the source reads, as in `statistics.delay.mean`, of arguments."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in arguments
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id == "statistics"
    }


_ANNOTATIONS = {
    "bool": "boolean",
    "int": "bigint",
    "float": "double",
    "str": "string",
    "bytes": "binary",
    "date": "date",
    "datetime": "timestamp",
}


def annotated(source: str, name: str) -> dict[str, str]:
    """The feature types that the annotations of the function's arguments say; nothing of others."""
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == name)
    arguments = (one for node in functions for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
    found = {one.arg: _ANNOTATIONS.get(_annotation(one.annotation)) for one in arguments}
    return {argument: kind for argument, kind in found.items() if kind is not None}


def _annotation(said: ast.expr | None) -> str:
    """The last part of a name, that of X in `X | None`."""
    match said:
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return _annotation(left)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str(text)):
            return text.rpartition(".")[2]
    return ""


def _names(tree: ast.FunctionDef) -> set[str]:
    """The names that the function and its defaults look up outside of it; annotations are not looked up."""
    tree.decorator_list = []
    scopes = symtable.symtable(_FUTURE + ast.unparse(tree), tree.name, "exec").get_children()
    scope = next(one for one in scopes if one.get_name() == tree.name)
    defaults = [one for one in (*tree.args.defaults, *tree.args.kw_defaults) if one is not None]
    given = {node.id for one in defaults for node in ast.walk(one) if isinstance(node, ast.Name)}
    return given | _global_names(scope)


def _global_names(scope: symtable.SymbolTable) -> set[str]:
    found = {one.get_name() for one in scope.get_symbols() if one.is_global() and one.is_referenced()}
    return found.union(*(_global_names(inner) for inner in scope.get_children()))


def _definition(function: str, name: str, value: Any) -> str:
    """A line that gives the name its value elsewhere; raises Invalid."""
    if isinstance(value, ModuleType):
        if is_own(value) and value.__name__ != "headrace":
            _borrowed(function, name)
        return f"import {value.__name__} as {name}"
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    called = getattr(value, "__name__", None)
    if module is not None and isinstance(called, str):
        home = "headrace" if module.__name__.startswith("headrace.") else module.__name__
        installed = home == "headrace" or (home != "__main__" and not is_own(module))
        if installed and getattr(sys.modules[home], called, None) is value:
            return f"from {home} import {called} as {name}"
    try:
        if ast.literal_eval(repr(value)) == value:
            return f"{name} = {value!r}"
    except (ValueError, SyntaxError, TypeError):
        pass
    return _borrowed(function, name)


def _borrowed(function: str, name: str) -> str:
    raise Invalid(
        f"{function!r} uses {name!r}, which is defined outside of it: define or import it inside the function, for "
        "only its own source is kept",
        code="function-not-whole",
        details={"function": function, "name": name},
    )
