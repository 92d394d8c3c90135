"""Run in Petastorm's environment: the rows of a dataset, as each of its readers gives them, as JSON.

`make_batch_reader` puts the lists of a row group into one matrix, so it is asked for some fields only.
"""

import json
import sys
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
from petastorm import make_batch_reader, make_reader

HOW = {"reader_pool_type": "dummy", "shuffle_row_groups": False}


def plain(value: Any) -> Any:
    """The value as JSON holds it exactly: floats and binaries as hexadecimal digits, others with their type."""
    match value:
        case np.ndarray():
            return {"dtype": str(value.dtype), "items": [plain(item) for item in value.tolist()]}
        case np.generic():
            return plain(value.item())
        case Decimal():
            return {"decimal": str(value)}
        case bytes():
            return {"hex": value.hex()}
        case float():
            return {"float": value.hex()}
        case _:
            return value


def main(url: str, *fields: str) -> None:
    """Read the dataset row by row, and these fields of it row group by row group."""
    warnings.simplefilter("ignore")  # what its pyarrow says of the interfaces that it uses
    with make_reader(url, **HOW) as reader:
        rows = [{name: plain(value) for name, value in row._asdict().items()} for row in reader]
    with make_batch_reader(url, schema_fields=list(fields), **HOW) as reader:
        groups = [{name: plain(value) for name, value in group._asdict().items()} for group in reader]
    sys.stdout.write(json.dumps({"rows": rows, "groups": groups}))  # behind what Petastorm prints


if __name__ == "__main__":
    main(*sys.argv[1:])
