"""The part of a feature store that makes and finds feature views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace._annotations import warn_if_deprecated
from headrace._errors import Conflict, NotFound
from headrace._feature_view import FeatureView
from headrace._http import Api
from headrace._query import Query
from headrace._transformation_function import Transformation
from headrace._transformation_functions import TransformationFunctions


class FeatureViews(TransformationFunctions):
    """Feature views of one project."""

    _api: Api
    _project: str

    def create_feature_view(
        self,
        name: str,
        query: Query,
        version: int | None = None,
        description: str = "",
        labels: Sequence[str] = (),
        *,
        inference_helper_columns: Sequence[str] = (),
        training_helper_columns: Sequence[str] = (),
        transformation_functions: Sequence[Transformation] = (),
        known_at: bool = False,
        precompute: bool = False,
    ) -> FeatureView:
        """A version of a view; without `version`, the next one. It never changes.

        Args:
            name: what the view is called.
            query: features of a root group, and of groups joined to it: `flights.select([...]).join(...)`.
            version: see above.
            description: for people.
            labels: columns of the query to predict; training data gives them apart, serving leaves them out.
            inference_helper_columns: columns of the query that no model sees; get_inference_helper reads them.
            training_helper_columns: columns of the query that no model sees; training data gives them where asked.
            transformation_functions: what a model sees instead of columns, or beside them: `standard_scaler("delay")`,
                `my_function("a", "b")`; applied when training data and vectors are read.
            known_at: whether an example sees, of joined groups, only rows whose known-at is not after its event time.
            precompute: keep its vectors ready, as `FeatureView.precompute` does; where that is refused, the version is
                there all the same.

        Raises:
            HeadraceError: a feature, key or label does not exist, or the version does.
        """
        body = {
            "name": name,
            "version": version,
            "description": description,
            "labels": list(labels),
            "inference_helpers": list(inference_helper_columns),
            "training_helpers": list(training_helper_columns),
            "known_at": known_at,
            "transformations": self._transformation_bodies(transformation_functions),
            **query.body(),
        }
        accepted = self._api.post(f"/api/projects/{self._project}/feature-views", body)
        made = self._api.happened(self._project, accepted, "feature_view.created")
        view = self.get_feature_view(name, made["version"])
        if precompute:
            view.precompute()
        return view

    def get_or_create_feature_view(
        self,
        name: str,
        query: Query,
        version: int = 1,
        description: str = "",
        labels: Sequence[str] = (),
        **wishes: Any,
    ) -> FeatureView:
        """The version if it is there, else a new one, as with `create_feature_view`; kept ready where that is asked."""
        try:
            view = self.get_feature_view(name, version)
        except NotFound:
            try:
                return self.create_feature_view(name, query, version, description, labels, **wishes)
            except Conflict:
                view = self.get_feature_view(name, version)
        if wishes.get("precompute"):
            view.precompute()
        return view

    def get_feature_view(self, name: str, version: int | None = None) -> FeatureView:
        """A version of a view, or the newest; one that is deprecated with a FutureWarning. Raises NotFound."""
        path = f"/api/projects/{self._project}/feature-views/{name}"
        row = self._api.get(path)[0] if version is None else self._api.get(f"{path}/versions/{version}")
        warn_if_deprecated("feature view", row)
        return FeatureView(self._api, self._project, row)

    def get_feature_views(self, name: str | None = None) -> list[FeatureView]:
        """All versions of all views, or of that one, the newest first."""
        path = f"/api/projects/{self._project}/feature-views"
        rows = self._api.get(path if name is None else f"{path}/{name}")
        return [FeatureView(self._api, self._project, row) for row in rows]
