"""The formats that training files are written in, and the types of columns that each of them holds."""

from collections.abc import Mapping
from keyword import iskeyword

from headrace_events.errors import Invalid

PLAIN = frozenset({"boolean", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp"})

FORMATS: Mapping[str, frozenset[str] | None] = {
    "parquet": None,
    "csv": PLAIN,
    "tsv": PLAIN,
    "tfrecord": PLAIN,
    "npy": PLAIN,
    "hdf5": PLAIN,
    "petastorm": PLAIN,
}
"""Format → the feature types it holds; None: all there are."""


def must_be_format(name: str) -> None:
    """Raise Invalid for a format that nobody writes."""
    if name not in FORMATS:
        raise Invalid("unknown-format", f"training data is written as {', '.join(FORMATS)}, not {name!r}")


def must_hold(name: str, types: Mapping[str, str]) -> None:
    """Raise Invalid where a column (name → type) is of a type or has a name that the format does not hold."""
    must_be_format(name)
    held = FORMATS[name]
    for column, kind in types.items():
        if held is not None and kind not in held:
            raise Invalid(
                "unsupported-type",
                f"{name} does not hold column {column!r} of type {kind}: write parquet, or a view without it",
                {"column": column, "type": kind, "format": name},
            )
        if name == "petastorm" and iskeyword(column):
            raise Invalid(
                "unsupported-name",
                f"petastorm gives rows as named tuples, which hold no column {column!r}, a word of Python's:"
                " write parquet, or a view that joins its group with a prefix",
                {"column": column, "format": name},
            )
