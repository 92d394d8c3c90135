"""A training function as bytes, and the environment it was written in."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from importlib.metadata import distributions
from types import ModuleType
from typing import Any

from headrace._errors import Invalid


def pickled(thing: Any) -> bytes:
    """The object, with the module of a function that no package brings along; raises Invalid.

    It is read again by the same version of Python.
    """
    cloudpickle = pickler()
    module = sys.modules.get(getattr(thing, "__module__", None) or type(thing).__module__)
    own = module is not None and is_own(module)
    if own:
        cloudpickle.register_pickle_by_value(module)
    try:
        content: bytes = cloudpickle.dumps(thing)
    except Exception as error:
        raise Invalid(f"{thing!r} cannot be pickled: {error}", code="cannot-pickle") from error
    finally:
        if own:
            cloudpickle.unregister_pickle_by_value(module)
    return content


def pickled_whole(thing: Any) -> bytes:
    """An object of ours with our own code, so that whoever reads it needs no such version of Headrace."""
    import headrace  # noqa: PLC0415 - the package that this module is part of

    cloudpickle = pickler()
    cloudpickle.register_pickle_by_value(headrace)
    try:
        content: bytes = cloudpickle.dumps(thing)
    finally:
        cloudpickle.unregister_pickle_by_value(headrace)
    return content


def pickler() -> Any:
    """The cloudpickle package; raises Invalid where it is not installed."""
    try:
        import cloudpickle  # noqa: PLC0415 - only experiments and models need it
    except ModuleNotFoundError as error:
        raise Invalid(
            "experiments and models need cloudpickle: pip install cloudpickle", code="needs-cloudpickle"
        ) from error
    return cloudpickle


def is_own(module: ModuleType) -> bool:
    """Whether the module is the user's own: neither `__main__`, which is pickled by value anyway, nor installed."""
    where = getattr(module, "__file__", None)
    if module.__name__ == "__main__" or where is None:
        return False
    return "site-packages" not in where and not where.startswith((sys.base_prefix, sys.prefix))


def name_of(function: Callable[..., Any]) -> str:
    """What a program is called."""
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', repr(function))}"[:200]


def environment() -> list[str]:
    """Python and every installed distribution, as `name==version`, sorted."""
    found = {f"{one.metadata['Name']}=={one.version}" for one in distributions() if one.metadata["Name"]}
    return [f"python=={platform.python_version()}", *sorted(found, key=str.lower)]
