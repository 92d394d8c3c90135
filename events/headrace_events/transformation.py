"""What a view does to its features before a model sees them: functions of columns, with the statistics of the training.

The rows of training datasets stay as they are; whoever reads them for a model transforms them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from headrace_events.aggregates import Known
from headrace_events.built_in_functions import BUILT_IN, BuiltIn, Constant
from headrace_events.errors import Invalid, NotFound
from headrace_events.ids import object_name
from headrace_events.language import value
from headrace_events.transformation_function import Signature, TransformationFunction

MOST_TRANSFORMATIONS = 10_000


@value
class Transformation:
    """A function applied to columns of a view, or of a feature group; without a `version` it is built in.

    `parameters` is the text of a JSON object, `outputs` name what comes out, if not `<function>_<columns>_`.
    """

    function: str
    version: int | None = None
    columns: tuple[str, ...]
    parameters: str = "{}"
    outputs: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The names that are known before the statistics are: what was given, or what all outputs begin with."""
        return self.outputs or ("_".join((self.function, *self.columns)) + "_",)


def functions_of(transformations: Sequence[Transformation]) -> tuple[str, ...]:
    """The functions that members wrote, as `<name>.<version>`, each once."""
    own = (f"{one.function}.{one.version}" for one in transformations if one.version is not None)
    return tuple(dict.fromkeys(own))


def check_transformations(
    wanted: Sequence[Transformation],
    project: str,
    types: Mapping[str, str],
    known: Known,
    *,
    labels: frozenset[str],
    helpers: frozenset[str],
) -> None:
    """Raise Invalid or NotFound unless each function is there and fits its columns, and all outputs have names.

    `types` has the feature type of every column of the view.
    """
    if len(wanted) > MOST_TRANSFORMATIONS:
        raise Invalid("too-many-transformations", f"a view has at most {MOST_TRANSFORMATIONS:,} transformations")
    for one in wanted:
        _check_columns(one, types, labels, helpers)
        check_function(one, project, types, known)
    names = [*types, *(name for one in wanted for name in one.named)]
    twice = next((name for name, before in _counted(names).items() if before > 1), None)
    if twice is not None:
        message = f"two columns would be named {twice!r}: say how the outputs are called, with alias"
        raise Invalid("output-twice", message, {"column": twice})


def check_function(one: Transformation, project: str, types: Mapping[str, str], known: Known) -> Signature | None:
    """The signature of a member's function, None of one that is built in.

    Raises Invalid or NotFound unless the function is there and fits these columns, and its outputs have names.
    """
    signature = None
    if one.version is None:
        _check_built_in(one, types)
    else:
        signature = _check_own(one, project, known)
    for name in one.outputs:
        object_name(name, "column")
    return signature


def _counted(names: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _check_columns(
    one: Transformation, types: Mapping[str, str], labels: frozenset[str], helpers: frozenset[str]
) -> None:
    for column in one.columns:
        if column not in types:
            message = f"{one.function!r} is to take {column!r}, which is not a column of the view"
            raise Invalid("unknown-transformed-column", message, {"column": column})
        if column in helpers:
            raise Invalid(
                "transformed-helper", f"{column!r} is a helper, which no model sees: {one.function!r} has no use"
            )
    if 0 < len(labels & set(one.columns)) < len(set(one.columns)):
        message = f"{one.function!r} mixes labels with features, which would tell the model what it is to predict"
        raise Invalid("label-among-features", message)


def _check_own(one: Transformation, project: str, known: Known) -> Signature:
    function = known.state(TransformationFunction, project, one.function)
    signature = function.signature(one.version) if function and one.version is not None else None
    if signature is None:
        raise NotFound("transformation function", f"{one.function} version {one.version}")
    if len(one.columns) != len(signature.arguments):
        _wrong_number(one, ", ".join(signature.arguments))
    if one.outputs and len(one.outputs) != signature.outputs:
        message = f"{one.function!r} returns {signature.outputs} columns, and {len(one.outputs)} are named"
        raise Invalid("wrong-number-of-outputs", message)
    if one.parameters != "{}":
        raise Invalid("unknown-parameter", f"{one.function!r} takes no parameters; its source may say them")
    return signature


def _check_built_in(one: Transformation, types: Mapping[str, str]) -> None:
    built_in = BUILT_IN.get(one.function)
    if built_in is None:
        raise NotFound("built-in transformation function", one.function)
    if len(one.columns) != 1:
        _wrong_number(one, "one feature")
    kind = types[one.columns[0]]
    if kind.partition("(")[0] not in built_in.takes:
        message = f"{one.function!r} takes {', '.join(sorted(built_in.takes))}; {one.columns[0]!r} is {kind}"
        raise Invalid("function-does-not-fit", message, {"column": one.columns[0], "type": kind})
    if one.outputs and one.function == "one_hot_encoder":
        message = "how many columns one_hot_encoder returns, the training data tells: they cannot be named before"
        raise Invalid("wrong-number-of-outputs", message)
    if len(one.outputs) > 1:
        raise Invalid("wrong-number-of-outputs", f"{one.function!r} returns one column")
    _check_parameters(one, built_in, kind)


def _check_parameters(one: Transformation, built_in: BuiltIn, kind: str) -> None:
    given = _parsed(one)
    for name, said in given.items():
        wanted = built_in.parameters.get(name)
        if wanted is None:
            takes = ", ".join(built_in.parameters) or "none"
            raise Invalid("unknown-parameter", f"{one.function!r} has no parameter {name!r}; it has {takes}")
        why = wanted.why_not(said)
        if why is None and isinstance(wanted, Constant) and not _fits(said, kind):
            why = f"is of the feature's type, {kind}"
        if why is not None:
            raise Invalid("invalid-parameter", f"{name} of {one.function!r} {why}", {"parameter": name})
    if one.function == "impute_constant" and "value" not in given:
        raise Invalid("invalid-parameter", "impute_constant needs a value", {"parameter": "value"})
    if one.function == "winsorize" and not given.get("lower", 0.01) < given.get("upper", 0.99):
        raise Invalid("invalid-parameter", "winsorize needs lower < upper", {"parameter": "lower"})


def _parsed(one: Transformation) -> dict[str, Any]:
    try:
        given = json.loads(one.parameters)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Invalid("invalid-parameter", f"the parameters of {one.function!r} are the text of a JSON object")
    return given


def _fits(given: object, kind: str) -> bool:
    """Whether a constant is of the feature's type."""
    match kind:
        case "string":
            return isinstance(given, str)
        case "boolean":
            return isinstance(given, bool)
        case "int" | "bigint":
            bits = 31 if kind == "int" else 63
            return isinstance(given, int) and not isinstance(given, bool) and -(1 << bits) <= given < 1 << bits
    return isinstance(given, int | float) and not isinstance(given, bool)


def _wrong_number(one: Transformation, takes: str) -> None:
    message = f"{one.function!r} takes {takes}, not the {len(one.columns)} columns {', '.join(one.columns)}"
    raise Invalid("wrong-number-of-columns", message)
