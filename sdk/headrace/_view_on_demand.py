"""On-demand features of a view's vectors: computed of what a request says, and of what is stored or passed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from headrace._columns import Feature
from headrace._errors import Invalid
from headrace._frames import slices
from headrace._on_demand import Computed, OnDemand, as_list, computed
from headrace._transformation_function import Transformation
from headrace._values import plain
from headrace._vectors import named, typed
from headrace._view_columns import ViewColumns

Row = Mapping[str, Any]
RequestParameters = Row | Sequence[Row] | None
"""What a request says: the same for all entities, or for each of them."""

_NAMED = 5


class OnDemandFeatures(ABC):
    """The on-demand features of one version of a feature view."""

    _columns: ViewColumns

    @property
    @abstractmethod
    def features(self) -> list[Feature]:
        """The columns a model sees, before they are transformed."""

    @cached_property
    def on_demand(self) -> OnDemand:
        """Its on-demand functions."""
        return OnDemand(self._columns.on_demand({feature.name for feature in self.features}))

    @property
    def on_demand_features(self) -> list[str]:
        """The features that are computed for each vector; training data has them as they were stored."""
        return [feature.name for feature in self.on_demand.features]

    @property
    def on_demand_functions(self) -> list[Transformation]:
        """The functions that compute them, with the names that their groups have.

        Their sources are run where features are computed, and by init_serving.
        """
        return [one.transformation for one in self.on_demand.functions]

    @property
    def request_parameters(self) -> list[str]:
        """What on-demand features are computed of that no vector has: to be given with each request.

        Columns that an entry names, as keys, need not be given again.
        """
        there = self._stored_names
        return [name for name in self.on_demand.arguments if name not in there]

    @property
    def request_parameter_types(self) -> list[Feature]:
        """The same with their types."""
        return [Feature(name, self.on_demand.arguments[name]) for name in self.request_parameters]

    def compute_on_demand_features(self, feature_vector: Any, request_parameters: RequestParameters = None) -> Any:
        """The vector, or several, with the on-demand features; what is given is not changed.

        Args:
            feature_vector: a dict, a list of dicts, a pandas DataFrame, which may have request parameters as well; or
                the values of a vector, or of several, as `get_feature_vector` gives them with on_demand_features=False.
            request_parameters: for all, or a dict for each.

        Raises:
            Invalid: `request-parameters-missing`, `on-demand-failed`; what is given is none of these.
        """
        if isinstance(feature_vector, Mapping):
            return self.compute_on_demand_features([feature_vector], request_parameters)[0]
        if hasattr(feature_vector, "columns"):
            made = self._of_rows(_rows_of(feature_vector), request_parameters)
            return feature_vector.assign(**{name: _series(feature_vector, values) for name, values in made.items()})
        rows = list(feature_vector)
        if rows and not any(isinstance(row, Mapping | list | tuple) for row in rows):
            return self.compute_on_demand_features([rows], request_parameters)[0]
        if all(isinstance(row, Mapping) for row in rows):
            made = self._of_rows(rows, request_parameters)
            return [{**row, **{name: values[index] for name, values in made.items()}} for index, row in enumerate(rows)]
        stored = [feature.name for feature in self.features if feature.name in self._stored_names]
        if any(len(row) != len(stored) for row in rows):
            raise Invalid(
                f"a vector without on-demand features has {len(stored)} values: {', '.join(stored)}",
                code="wrong-number-of-values",
            )
        named = [dict(zip(stored, row, strict=True)) for row in rows]
        made = self._of_rows(named, request_parameters)
        return [
            [made[feature.name][index] if feature.name in made else row[feature.name] for feature in self.features]
            for index, row in enumerate(named)
        ]

    def _of_rows(self, rows: Sequence[Row], request_parameters: RequestParameters) -> dict[str, list[Any]]:
        asked = self._requested(request_parameters, len(rows))
        made = set(self.on_demand_features)
        said = [
            {name: value for name, value in {**row, **more}.items() if name not in made}
            for row, more in zip(rows, asked, strict=True)
        ]
        self._must_be_given(said)
        found = self._computed(said)
        must_be_computed(found.wrong, rows)
        return found.columns

    def _requests(
        self, entries: Sequence[Row], passed: Sequence[Row], given: RequestParameters, *, lenient: bool
    ) -> list[Row]:
        """What each request says for on-demand features: what its entry names, and its parameters.

        Raises Invalid where one is unknown, or is missing and not `lenient`.
        """
        asked = self._requested(given, len(entries))
        if not self.on_demand.functions:
            return []
        prefix = self._columns.root_prefix
        said: list[Row] = [
            {**{prefix + name: value for name, value in entry.items()}, **row}
            for entry, row in zip(entries, asked, strict=True)
        ]
        if not lenient:
            more = list(passed) or [{}] * len(said)
            self._must_be_given([{**row, **one} for row, one in zip(said, more, strict=False)], self._stored_names)
        return said

    def _complete(
        self, rows: Sequence[dict[str, Any]], statuses: Sequence[dict[str, str]], said: Sequence[Row]
    ) -> Mapping[int, Mapping[str, str]]:
        """Put what is computed, and was not passed, into vectors and statuses; say what failed, and why."""
        stored = named(rows, self.stored_features)
        found = self._computed([{**asked, **row} for row, asked in zip(stored, said, strict=True)])
        failed: dict[int, dict[str, str]] = {}
        for name, values in found.columns.items():
            for index, value in enumerate(values):
                if statuses[index][name] == "passed":
                    continue
                reason = found.wrong.get(index, {}).get(name)
                rows[index][name], statuses[index][name] = value, "computed" if reason is None else "failed"
                if reason is not None:
                    failed.setdefault(index, {})[name] = reason
        return failed

    @property
    def stored_features(self) -> list[Feature]:
        """The features that are not computed on demand."""
        return [feature for feature in self.features if feature.name in self._stored_names]

    @property
    def _stored_names(self) -> set[str]:
        return {feature.name for feature in self.features}.difference(self.on_demand_features)

    def _requested(self, given: RequestParameters, count: int) -> list[Row]:
        """What was said for each of so many; raises Invalid."""
        listed = [given or {}] * count if given is None or isinstance(given, Mapping) else list(given)
        if len(listed) != count:
            raise Invalid(
                f"{len(listed)} request parameters are given for {count} entities: give one for each, or one dict",
                code="wrong-number-of-request-parameters",
            )
        known = set(self.on_demand.arguments) - self._stored_names
        for row in listed:
            strange = next((name for name in row if name not in known), None)
            if strange is not None:
                takes = ", ".join(self.request_parameters) or "none"
                raise Invalid(
                    f"{self!r} has no request parameter {strange!r}; it takes {takes}, and features as passed_features",
                    code="unknown-request-parameter",
                    details={"parameter": strange},
                )
        return listed

    def _must_be_given(self, said: Sequence[Row], there: Collection[str] = ()) -> None:
        """Raise Invalid where a function takes what neither a row says nor is there.

        A row that says the features themselves needs nothing for them.
        """
        lacking: dict[str, None] = {}
        for one in self.on_demand.functions:
            outputs = [feature.name for feature in one.features]
            needed = [name for name in one.arguments if name not in there]
            for row in said:
                if not all(name in row for name in outputs):
                    lacking |= dict.fromkeys(name for name in needed if name not in row)
        if lacking:
            raise Invalid(
                f"the on-demand features of {self!r} are computed of {', '.join(lacking)}: give request_parameters="
                f"{{{next(iter(lacking))!r}: …}}, or leave them out with on_demand_features=False; with "
                "allow_missing=True they are computed of None",
                code="request-parameters-missing",
                details={"parameters": list(lacking)},
            )

    def _computed(self, said: Sequence[Row]) -> Computed:
        """The on-demand features; an argument that is nowhere is None."""
        columns = {
            name: [_typed(row.get(name), kind) for row in said] for name, kind in self.on_demand.arguments.items()
        }
        return computed(self.on_demand.ready, columns, len(said))


def must_be_computed(wrong: Mapping[int, Mapping[str, str]], entries: Sequence[Row]) -> None:
    """Raise Invalid where features could not be computed."""
    if not wrong:
        return
    failed = [(entries[row], reasons) for row, reasons in sorted(wrong.items())]
    each = (
        ", ".join(f"{name} ({why})" for name, why in reasons.items()) + f" for {dict(entry)!r}"
        for entry, reasons in failed[:_NAMED]
    )
    more = f"; and for {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
    raise Invalid(
        f"cannot compute {'; '.join(each)}{more}",
        code="on-demand-failed",
        details={"failed": [{"entry": dict(entry), "features": reasons} for entry, reasons in failed]},
    )


def _typed(value: Any, kind: str) -> Any:
    """A value of a request; times and the like may be texts. One that is none is left as it is, for its own reason."""
    bare = plain(value)
    try:
        return typed(bare, kind)
    except (ValueError, ArithmeticError):
        return bare


def _rows_of(frame: Any) -> list[Row]:
    """The rows of a frame, None for what it has no value of."""
    return [
        dict(zip(part.columns, values, strict=True))
        for part in slices(frame)
        for values in zip(*(as_list(column) for column in part.columns.values()), strict=True)
    ]


def _series(frame: Any, values: list[Any]) -> Any:
    import pandas as pd  # noqa: PLC0415 - only on demand

    return pd.Series(values, index=frame.index, dtype=None if values else "object")
