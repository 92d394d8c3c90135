"""Petastorm's description of a dataset's fields, a `Unischema`, as it lies in a dataset: pickled.

It is written here opcode by opcode (pickle protocol 2; Python's `pickletools`), for the objects of
`petastorm/unischema.py`: Petastorm itself needs older libraries than ours, and nothing is ever unpickled here.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass

KEY = b"dataset-toolkit.unischema.v1"
"""Where Petastorm looks for it in a dataset's metadata (`petastorm/etl/dataset_metadata.py`)."""

_OF_UNISCHEMA = frozenset({"as_spark_schema", "create_schema_view", "fields", "from_arrow_schema", "make_namedtuple"})
"""Attributes that a `Unischema` has anyway: a field called so is in `fields` alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field that may be null, of that type (`module name`), each of its dimensions of that size (None: any)."""

    name: str
    kind: str
    shape: tuple[int | None, ...] = ()


def pickled(name: str, fields: Sequence[Field]) -> bytes:
    """The `Unischema` of that name with these fields."""
    made = {field.name: _object("petastorm.unischema UnischemaField", _values(field)) for field in fields}
    held = _object("collections OrderedDict", []) + _items(made)
    direct = {name: value for name, value in made.items() if name not in _OF_UNISCHEMA}
    state = pickle.EMPTY_DICT + _items({"_name": _text(name), "_fields": held, **direct})
    whole = _global("petastorm.unischema Unischema") + pickle.EMPTY_TUPLE + pickle.NEWOBJ + state + pickle.BUILD
    return pickle.PROTO + b"\2" + whole + pickle.STOP


def _values(field: Field) -> list[bytes]:
    """Name, type, shape, codec (none: as Parquet has it), and whether it may be null."""
    shape = [pickle.NONE if size is None else pickle.BININT + size.to_bytes(4, "little") for size in field.shape]
    return [_text(field.name), _global(field.kind), _tuple(shape), pickle.NONE, pickle.NEWTRUE]


def _object(kind: str, values: Sequence[bytes]) -> bytes:
    return _global(kind) + _tuple(values) + pickle.REDUCE


def _global(kind: str) -> bytes:
    module, _, name = kind.partition(" ")
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


def _tuple(values: Sequence[bytes]) -> bytes:
    return pickle.MARK + b"".join(values) + pickle.TUPLE


def _items(values: dict[str, bytes]) -> bytes:
    return pickle.MARK + b"".join(_text(key) + value for key, value in values.items()) + pickle.SETITEMS


def _text(text: str) -> bytes:
    content = text.encode()
    return pickle.BINUNICODE + len(content).to_bytes(4, "little") + content
