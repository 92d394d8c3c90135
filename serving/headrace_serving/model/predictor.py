"""A loaded model: rows of values in, one number a row out."""

import math
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headrace_serving.errors import BadModel, ModelFailed
from headrace_serving.model.archive import load, load_prepare, unpack

Value = float | int | str | bool | None


class Predictor:
    """The model of an archive. `inputs` names the columns of the rows it is asked with, in order. Raises BadModel."""

    def __init__(self, archive: bytes, inputs: Sequence[str]) -> None:
        folder = Path(tempfile.mkdtemp(prefix="headrace-model-"))
        self.close = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        """Removes the files, at the latest when nobody holds the model any more."""
        head = unpack(archive, folder)
        self._model, self._method = load(head, folder)
        self._prepare = load_prepare(head, folder)
        self._inputs = list(inputs) if self._prepare is None else list(head.gives)
        self._framed = hasattr(self._model, "feature_names_in_")
        self._plain = head.loader == "predictor"

    def predict(self, rows: Sequence[Sequence[Value]]) -> list[float]:
        """One number for each row; of several a row (probabilities of classes), the last. Raises ModelFailed."""
        try:
            prepared = rows if self._prepare is None else self._prepare(rows)
        except Exception as error:
            raise ModelFailed(f"the transformations failed: {error}"[:1000]) from error
        try:
            answered = self._method(self._arranged(prepared))
        except Exception as error:
            raise ModelFailed(f"the model raised {type(error).__name__}: {error}"[:1000]) from error
        return _numbers(answered, len(rows))

    def _arranged(self, rows: Sequence[Sequence[Value]]) -> Any:
        """The rows as the model wants them: as they came, as a frame with the names it was fitted with, or an array."""
        if self._plain:
            return [list(row) for row in rows]
        if self._framed:
            import pandas as pd  # noqa: PLC0415 - heavy, and only for models fitted on frames

            columns = zip(*rows, strict=True)
            return pd.DataFrame(
                {name: _column(list(values), pd) for name, values in zip(self._inputs, columns, strict=True)}
            )
        import numpy as np  # noqa: PLC0415 - heavy, and only for models that take arrays

        numeric = all(isinstance(value, int | float) or value is None for row in rows for value in row)
        return np.array([list(row) for row in rows], dtype=np.float64 if numeric else object)


def _column(values: list[Value], pd: Any) -> Any:
    """Numbers and nulls as floats, whole numbers as integers, booleans as such, texts as objects."""
    if any(isinstance(value, str) for value in values):
        return pd.Series(values, dtype=object)
    if None in values:
        return pd.Series([math.nan if value is None else float(value) for value in values], dtype="float64")
    return pd.Series(values)


def _numbers(answered: Any, count: int) -> list[float]:
    listed = answered.tolist() if hasattr(answered, "tolist") else list(answered)
    if len(listed) != count:
        raise ModelFailed(f"the model answered {len(listed)} rows to {count}")
    try:
        numbers = [float(row[-1]) if isinstance(row, list | tuple) else float(row) for row in listed]
    except (TypeError, ValueError, IndexError):
        raise ModelFailed(f"the model answered {str(listed[0])[:80]!r}, which is not a number") from None
    if not all(math.isfinite(number) for number in numbers):
        raise ModelFailed("the model answered a number that is not finite")
    return numbers


def why_not(archive: bytes, inputs: Sequence[str]) -> str | None:
    """Why no model can be loaded from the archive; None where one can."""
    try:
        Predictor(archive, inputs).close()
    except BadModel as error:
        return error.message
    return None
