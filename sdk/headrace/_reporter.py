"""What a training function is given, and how it is checked before it is sent away."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol

from headrace._errors import Invalid

OFFERED = ("hparams", "reporter", "steps", "budget", "start", "checkpoint", "data", "dataset")
"""What a training function may name as arguments; each trial is called with those that it names.

`hparams`: name → value. `reporter`: a Reporter. `steps` (also `budget`): how many steps it must have run in all when it
returns; `start`: how many of them it ran before. `checkpoint`: what it saved last time, else None. `data` (also
`dataset`): split → list of paths of the training dataset's files. A study that reads topics also offers `project`, a
TrialProject.
"""


class Reporter(Protocol):
    """What a training function reports with; for annotations, and for trying a function by hand."""

    def broadcast(self, metric: float, step: int | None = None) -> None:
        """Report the metric at a step (without one, the step after the last); steps never go back."""
        ...

    def log(self, message: object) -> None:
        """Write to the trial's log, as `print` does too."""
        ...

    def save(self, checkpoint: Any) -> None:
        """Keep this as what the trial goes on from if it is promoted, and what becomes of it in the end."""
        ...


def check(function: Callable[..., Any], *, reads_topics: bool = False) -> None:
    """Raise Invalid where the function needs an argument that no trial of such a study gives."""
    offered = (*OFFERED, "project") if reads_topics else OFFERED
    if not callable(function):
        raise Invalid(f"a training function is a function, not a {type(function).__name__}", code="bad-function")
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
            continue
        positional = parameter.kind is parameter.POSITIONAL_ONLY
        if (name not in offered or positional) and parameter.default is parameter.empty:
            hint = " (`project` where reads_topics=True)" if name == "project" else ""
            raise Invalid(
                f"the training function needs {name!r}; it may name {', '.join(offered)}{hint}", code="bad-function"
            )
