"""Functions of the user's own, named on the command line as FILE.py:FUNCTION."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headrace import Invalid


def function_of(text: str) -> Callable[..., Any]:
    """The function, after its file has run; raises Invalid."""
    path, _, name = text.rpartition(":")
    if not path:
        raise Invalid(f"name a function as FILE.py:FUNCTION, not {text!r}", code="invalid-function")
    if not Path(path).is_file():
        raise Invalid(f"there is no file {path}", code="no-such-file")
    try:
        found = runpy.run_path(path).get(name)
    except Exception as error:  # a file of the user's own may raise anything
        raise Invalid(f"{path} raised {type(error).__name__}: {error}", code="invalid-function") from error
    if not callable(found):
        raise Invalid(f"{path} has no function {name!r}", code="invalid-function")
    function: Callable[..., Any] = found
    return function
