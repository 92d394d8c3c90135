"""What is read of a feature view by key: vectors, strict or lenient, at once or from an event loop; now or then."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from headrace._errors import Conflict, Invalid, NotFound
from headrace._external_vectors import looked_up
from headrace._http import Api
from headrace._splits import Time, iso
from headrace._vectors import ReturnType, jsonable, named, shaped
from headrace._view_columns import ViewColumns
from headrace._view_on_demand import RequestParameters, must_be_computed
from headrace._view_transformations import TransformFeatures

MOST_ENTRIES = 1_000
"""How many entities may be asked for at once."""

EXTERNAL = "external-feature-group"
"""What the API refuses vectors with that it cannot read: no server opens members' databases."""
_NAMED = 5
_STORED = frozenset({"found", "passed"})
_THERE = _STORED | {"computed"}
_ROWS = frozenset({"list", "dict"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorStatus:
    """How much of a vector there is: `status` is complete, partial or missing.

    `features` says it of each feature: found, passed, computed, missing, deleted, expired or failed; `reasons` says why
    features failed, which could not be computed.
    """

    status: str
    features: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def lacking(self) -> dict[str, str]:
        """The features without a value that counts now, and why."""
        return {name: status for name, status in self.features.items() if status not in _THERE}


def _status(features: Mapping[str, str], reasons: Mapping[str, str]) -> VectorStatus:
    there = [status in _THERE for status in features.values()]
    some = any(status in _STORED for status in features.values())
    return VectorStatus(
        status="complete" if all(there) else "partial" if some else "missing", features=features, reasons=reasons
    )


class ReadFeatureView(TransformFeatures, ABC):
    """The vectors of one version of a feature view."""

    _api: Api
    _columns: ViewColumns

    @property
    @abstractmethod
    def inference_helper_columns(self) -> list[str]:
        """The columns that no model sees, for whoever asks a model."""

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where the API has the version."""

    def get_feature_vector(
        self,
        entry: Mapping[str, Any],
        passed_features: Mapping[str, Any] | None = None,
        *,
        return_type: ReturnType = "list",
        allow_missing: bool = False,
        return_status: bool = False,
        transform: bool = True,
        on_demand_features: bool = True,
        request_parameters: RequestParameters = None,
    ) -> Any:
        """The online features, without labels, of one entity.

        Args:
            entry: the root's primary key, or the root's columns that joins go by, or both; a key of several columns
                is named whole or not at all.
            passed_features: values that go before what is stored.
            return_type: a `list` in the order of `features`, a `dict`, or one row of `pandas`, `polars` or `numpy`.
            allow_missing: give None for what is not there.
            return_status: give `(vector, VectorStatus)`, which says what is there, and why not.
            transform: apply the view's transformations, as init_serving made them ready; see `transformed_features`.
                They come after on-demand features are computed.
            on_demand_features: compute them; otherwise they are left out, and what is transformed of them.
            request_parameters: what they are computed of besides features; `view.request_parameters` names it. Times
                may be texts, as JSON has them.

        Raises:
            NotFound: something is not there, and `allow_missing` is not set; the message names it.
            Invalid: `request-parameters-missing`, and `allow_missing` is not set, which computes with None instead;
                `on-demand-failed`: a function raised, or returned what it does not declare. With `allow_missing` the
                feature is None, and the status says why.
            Invalid: `serving-not-initialised`: there is something to transform, and init_serving was not called.
        """
        form = _Form(return_type, allow_missing, return_status, transform, on_demand_features)
        asked = _Asked.one(self, entry, passed_features, request_parameters, form)
        return asked.first(self, self._answer(asked.question))

    def get_feature_vectors(
        self,
        entry: Sequence[Mapping[str, Any]],
        passed_features: Sequence[Mapping[str, Any]] | None = None,
        *,
        return_type: ReturnType = "list",
        allow_missing: bool = False,
        return_status: bool = False,
        transform: bool = True,
        on_demand_features: bool = True,
        request_parameters: RequestParameters = None,
    ) -> Any:
        """The online features of up to 1,000 entities, in their order; one may be asked for more than once.

        As get_feature_vector; with `return_status` also a list with the VectorStatus of each.

        Raises:
            NotFound: something is not there, and `allow_missing` is not set; `details["missing"]` has all of it.
            Invalid: there are more than 1,000, or passed features for some of them only.
        """
        form = _Form(return_type, allow_missing, return_status, transform, on_demand_features)
        asked = _Asked.many(self, entry, passed_features, request_parameters, form)
        return asked.all(self, self._answer(asked.question))

    async def get_feature_vector_async(
        self,
        entry: Mapping[str, Any],
        passed_features: Mapping[str, Any] | None = None,
        *,
        return_type: ReturnType = "list",
        allow_missing: bool = False,
        return_status: bool = False,
        transform: bool = True,
        on_demand_features: bool = True,
        request_parameters: RequestParameters = None,
    ) -> Any:
        """As get_feature_vector, without holding up the event loop; `await project.aclose()` before the loop ends."""
        await self._known()
        form = _Form(return_type, allow_missing, return_status, transform, on_demand_features)
        asked = _Asked.one(self, entry, passed_features, request_parameters, form)
        return asked.first(self, await self._answer_async(asked.question))

    async def get_feature_vectors_async(
        self,
        entry: Sequence[Mapping[str, Any]],
        passed_features: Sequence[Mapping[str, Any]] | None = None,
        *,
        return_type: ReturnType = "list",
        allow_missing: bool = False,
        return_status: bool = False,
        transform: bool = True,
        on_demand_features: bool = True,
        request_parameters: RequestParameters = None,
    ) -> Any:
        """As get_feature_vectors, without holding up the event loop; `await project.aclose()` before the loop ends."""
        await self._known()
        form = _Form(return_type, allow_missing, return_status, transform, on_demand_features)
        asked = _Asked.many(self, entry, passed_features, request_parameters, form)
        return asked.all(self, await self._answer_async(asked.question))

    def get_inference_helper(
        self,
        entry: Mapping[str, Any],
        passed_features: Mapping[str, Any] | None = None,
        *,
        return_type: ReturnType = "dict",
    ) -> Any:
        """The online values of the inference helpers of one entity, which no vector has; None for what is not there."""
        passed = None if passed_features is None else [passed_features]
        found = self.get_inference_helpers([entry], passed, return_type=return_type)
        return found[0] if return_type in _ROWS else found

    def get_inference_helpers(
        self,
        entry: Sequence[Mapping[str, Any]],
        passed_features: Sequence[Mapping[str, Any]] | None = None,
        *,
        return_type: ReturnType = "dict",
    ) -> Any:
        """The online values of the inference helpers of several entities, in their order; see get_inference_helper."""
        question = {"entries": jsonable(entry), "passed_features": jsonable(passed_features or [])}
        answer = self._answer(question, "inference-helpers")
        rows = [dict(zip(answer["features"], found["values"], strict=True)) for found in answer["vectors"]]
        helpers = [column for column in self._columns.all if column.name in self.inference_helper_columns]
        return shaped(rows, helpers, return_type)

    def get_feature_vectors_as_of(
        self,
        entry: Sequence[Mapping[str, Any]],
        times: Sequence[Time],
        positions: Sequence[str] = (),
        *,
        return_type: ReturnType = "list",
    ) -> Any:
        """The features as they were at one time for each entity, joined from the offline store; None where none were.

        Args:
            entry: the root's primary key of each.
            times: event times, in the same order; a row counts from its own time on.
            positions: what the log held then; without them, all that the offline store holds now.
            return_type: as for get_feature_vector.
        """
        question = {
            "entries": jsonable(entry),
            "times": [iso(time) for time in times],
            "positions": list(positions),
        }
        answer = self._api.ask(f"{self._path}/vectors-as-of", question)
        rows = [dict(zip(answer["features"], values, strict=True)) for values in answer["vectors"]]
        return shaped(rows, self.features, return_type)

    async def _known(self) -> None:
        """Ask once for what the view is, out of the event loop."""
        if not self._columns.known or "on_demand" not in self.__dict__:
            await asyncio.to_thread(lambda: (self._columns.all, self.transformation_functions, self.on_demand))

    def _answer(self, question: Mapping[str, Any], what: Literal["vectors", "inference-helpers"] = "vectors") -> Any:
        """What the API says, or what is looked up here where a group of the view is a query on another database."""
        if not self._columns.external:
            try:
                return self._api.ask(f"{self._path}/{what}", question)
            except Conflict as error:
                if error.code != EXTERNAL:
                    raise
        return self._looked_up(question, what)

    async def _answer_async(self, question: Mapping[str, Any]) -> Any:
        if not self._columns.external:
            return await self._api.ask_async(f"{self._path}/vectors", question)
        return await asyncio.to_thread(self._looked_up, question, "vectors")

    def _looked_up(self, question: Mapping[str, Any], what: str) -> dict[str, Any]:
        helpers = {*self.inference_helper_columns}
        shown = helpers if what == "inference-helpers" else {one.name for one in self.features}
        return looked_up(self._columns, question["entries"], question["passed_features"], shown)


@dataclass(frozen=True, slots=True)
class _Form:
    """In which form vectors are wanted."""

    return_type: ReturnType
    allow_missing: bool
    return_status: bool
    transform: bool
    on_demand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is asked for, and in which form; `said` is what each request says for on-demand features."""

    entries: Sequence[Mapping[str, Any]]
    passed: Sequence[Mapping[str, Any]]
    said: Sequence[Mapping[str, Any]]
    form: _Form

    @classmethod
    def one(
        cls,
        view: ReadFeatureView,
        entry: Mapping[str, Any],
        passed: Mapping[str, Any] | None,
        said: RequestParameters,
        form: _Form,
    ) -> _Asked:
        """For one entity."""
        return cls.many(view, [entry], None if passed is None else [passed], said, form)

    @classmethod
    def many(
        cls,
        view: ReadFeatureView,
        entries: Sequence[Mapping[str, Any]],
        passed: Sequence[Mapping[str, Any]] | None,
        said: RequestParameters,
        form: _Form,
    ) -> _Asked:
        """For several; raises Invalid where they are too many, or where what functions take is not given."""
        if len(entries) > MOST_ENTRIES:
            raise Invalid(
                f"{len(entries):,} entities are asked for at once, and {MOST_ENTRIES:,} are the most: ask in parts",
                code="too-many-entries",
            )
        asked = view._requests(entries, passed or [], said, lenient=form.allow_missing) if form.on_demand else ()
        return cls(entries=entries, passed=passed or [], said=asked, form=form)

    @property
    def question(self) -> dict[str, Any]:
        """As the API takes it."""
        return {"entries": jsonable(self.entries), "passed_features": jsonable(self.passed)}

    def first(self, view: ReadFeatureView, answer: Mapping[str, Any]) -> Any:
        """The only vector of the answer; raises NotFound."""
        vectors, statuses = self._told(view, answer)
        vector = vectors[0] if self.form.return_type in _ROWS else vectors
        return (vector, statuses[0]) if self.form.return_status else vector

    def all(self, view: ReadFeatureView, answer: Mapping[str, Any]) -> Any:
        """Every vector of the answer; raises NotFound."""
        vectors, statuses = self._told(view, answer)
        return (vectors, statuses) if self.form.return_status else vectors

    def _told(self, view: ReadFeatureView, answer: Mapping[str, Any]) -> tuple[Any, list[VectorStatus]]:
        names, found = answer["features"], answer["vectors"]
        rows = [dict(zip(names, row["values"], strict=True)) for row in found]
        given = [dict(zip(names, row["statuses"], strict=True)) for row in found]
        statuses = [VectorStatus(status=row["status"], features=each) for row, each in zip(found, given, strict=True)]
        features = view.features
        if view.on_demand_features:
            features = features if self.form.on_demand else view.stored_features
            failed: Mapping[int, Mapping[str, str]] = {}
            if self.form.on_demand:
                failed = view._complete(rows, given, self.said)
            statuses = [
                _status({one.name: each[one.name] for one in features}, failed.get(row, {}))
                for row, each in enumerate(given)
            ]
        if not self.form.allow_missing:
            self._must_be_there(view, statuses)
        if self.form.transform and view.transformation_functions:
            rows, features = view.transformed(named(rows, features), on_demand=self.form.on_demand)
        return shaped(rows, features, self.form.return_type), statuses

    def _must_be_there(self, view: ReadFeatureView, statuses: Sequence[VectorStatus]) -> None:
        missing = [
            (entry, lacking)
            for entry, status in zip(self.entries, statuses, strict=True)
            for lacking in [{name: why for name, why in status.lacking.items() if name not in status.reasons}]
            if lacking
        ]
        if not missing:
            must_be_computed({row: one.reasons for row, one in enumerate(statuses) if one.reasons}, self.entries)
            return
        each = (
            ", ".join(f"{name} ({why})" for name, why in lacking.items()) + f" for {dict(entry)!r}"
            for entry, lacking in missing[:_NAMED]
        )
        more = f", nor all of it for {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
        raise NotFound(
            f"{view!r} has no {', no '.join(each)}{more}: pass it, or allow_missing=True gives None",
            code="features-missing",
            details={"missing": [{"entry": dict(entry), "features": lacking} for entry, lacking in missing]},
        )
