"""Embeddings as NumPy has them: a row of floats for each, NaN where there is none."""

from typing import Any

import numpy as np
import pyarrow as pa


def vectors(column: pa.Array) -> Any:
    """An array of shape (rows, floats)."""
    filled = np.full((len(column), column.type.list_size), np.nan, np.float32)
    there = column.is_valid().to_numpy(zero_copy_only=False)
    filled[there] = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, column.type.list_size)
    return filled
