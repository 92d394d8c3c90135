"""Rows of external groups by key: a query is asked with the keys, and of each the last row counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from headrace._errors import Failed, Invalid
from headrace._external_databases import Lookup
from headrace._read_feature_group import Vector
from headrace._rows import checked

MOST_KEYS = 100
"""How many keys are asked for in one query."""

Key = tuple[Any, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Last:
    """The latest row of a key so far; `again` says whether another one has the same times."""

    when: Key
    row: Mapping[str, Any]
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRows:
    """Finds rows of the group of that name by key, the last ones by `times`.

    `types` has the type of each column; `ask` gives the rows that are looked up, as Arrow batches.
    """

    name: str
    types: Mapping[str, str]
    primary_key: Sequence[str]
    times: Sequence[str]
    event_time: str | None
    ask: Callable[[Lookup], Iterator[Any]]

    def of(self, keys: Sequence[Mapping[str, Any]]) -> list[Vector]:
        """The row of each key that counts now, in order; raises Invalid, Failed."""
        wanted = [self._key(key) for key in keys]
        last: dict[Key, _Last] = {}
        rest = iter(dict.fromkeys(key for key in wanted if None not in key))
        while some := list(islice(rest, MOST_KEYS)):
            self._take(self.ask(Lookup(columns=self.primary_key, keys=some)), last)
        return [self._vector(key, last.get(key)) for key in wanted]

    def _key(self, given: Mapping[str, Any]) -> Key:
        if given.keys() != {*self.primary_key}:
            named, found = ", ".join(self.primary_key), ", ".join(given) or "nothing"
            raise Invalid(f"a key of {self.name!r} has {named}, not {found}", code="invalid-key")
        wrong: dict[int, str] = {}
        key = tuple(self._value(name, given[name], wrong) for name in self.primary_key)
        if wrong:
            raise Invalid(f"this is no key of {self.name!r}: {wrong[0]}", code="invalid-key")
        return key

    def _value(self, name: str, given: Any, wrong: dict[int, str]) -> Any:
        """A value of the key as databases and Arrow have it; what does not fit is named in `wrong`."""
        (value,) = checked([given], self.types[name], name, wrong)
        if value is None:
            return None
        match self.types[name]:
            case "date":
                return _EPOCH.date() + timedelta(days=value)
            case "timestamp":
                return _EPOCH + timedelta(microseconds=value)
        return value

    def _take(self, batches: Iterable[Any], last: dict[Key, _Last]) -> None:
        for batch in batches:
            for row in batch.to_pylist(maps_as_pydicts="strict"):
                key = tuple(row[name] for name in self.primary_key)
                when = tuple(row[name] for name in self.times)
                before = last.get(key)
                if before is None or when > before.when:
                    last[key] = _Last(when, row)
                elif when == before.when:
                    before.again = True

    def _vector(self, key: Key, found: _Last | None) -> Vector:
        if found is None:
            return Vector(status="missing", values={})
        if found.again:
            raise Failed(
                f"the query of {self.name!r} gives two rows of key {key} and the same times, and which one counts is"
                " not known: let it give one",
                code="external-rows-twice",
            )
        event_time = None if self.event_time is None else found.row[self.event_time]
        return Vector(status="found", values=found.row, event_time=event_time)
