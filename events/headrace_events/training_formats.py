"""The formats that training files are written in, and the types of columns that each of them holds."""

from collections.abc import Mapping
from keyword import iskeyword

from headrace_events.errors import Invalid
from headrace_events.feature_type import FLAT, Array, Decimal, Embedding, FeatureType, Flat, parsed
from headrace_events.language import value

_NUMBERS = frozenset({"boolean", "int", "bigint", "float", "double"})


@value
class Held:
    """What a format holds beside flat types: arrays have items of flat types that are not null."""

    decimals: bool = True
    embeddings: bool = True
    arrays_of: frozenset[str] = frozenset()

    def holds(self, kind: FeatureType) -> bool:
        """Whether values of that type have a place in its files."""
        match kind:
            case Flat():
                return True
            case Decimal():
                return self.decimals
            case Embedding():
                return self.embeddings
            case Array(item=Flat(name=name)):
                return name in self.arrays_of
            case _:
                return False


FORMATS: Mapping[str, Held | None] = {
    "parquet": None,
    "csv": Held(embeddings=False),
    "tsv": Held(embeddings=False),
    "tfrecord": Held(arrays_of=frozenset(FLAT)),
    "npy": Held(),
    "hdf5": Held(),
    "petastorm": Held(arrays_of=_NUMBERS),
}
"""What each format holds; None: all there is."""


def must_be_format(name: str) -> None:
    """Raise Invalid for a format that nobody writes."""
    if name not in FORMATS:
        raise Invalid("unknown-format", f"training data is written as {', '.join(FORMATS)}, not {name!r}")


def must_hold(name: str, types: Mapping[str, str]) -> None:
    """Raise Invalid where a column (name → type) is of a type or has a name that the format does not hold."""
    must_be_format(name)
    held = FORMATS[name]
    for column, kind in types.items():
        if held is not None and not held.holds(parsed(kind)):
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
