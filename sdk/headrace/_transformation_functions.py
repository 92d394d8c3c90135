"""The part of a feature store that keeps and finds transformation functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace import _built_in_transformations as built_in
from headrace._errors import Invalid, NotFound
from headrace._http import Api
from headrace._transformation_function import Transformation, TransformationFunction


class TransformationFunctions:
    """Transformation functions of one project."""

    _api: Api
    _project: str

    def create_transformation_function(
        self, transformation_function: TransformationFunction, version: int | None = None
    ) -> TransformationFunction:
        """Register a function that `udf` made, as that version or the next one; it never changes.

        A view that uses a function registers it as well, unless a version that is there does the same.

        Raises:
            Conflict: the version is there.
            Invalid: it is built in; or cannot be called.
        """
        if transformation_function.is_built_in:
            raise Invalid(f"{transformation_function.name!r} is built in", code="built-in-function")
        body = {**transformation_function.body(), "version": version}
        accepted = self._api.post(functions_path(self._project), body)
        made = self._api.happened(self._project, accepted, "transformation_function.created")
        return self.get_transformation_function(made["name"], made["version"])

    def get_transformation_function(self, name: str, version: int | None = None) -> TransformationFunction:
        """A version of a function, or the newest; one that is built in has none. Raises NotFound."""
        if name in built_in.BUILT_IN:
            return TransformationFunction(name=name, drop=("feature",))
        path = f"{functions_path(self._project)}/{name}"
        row = self._api.get(path)[0] if version is None else self._api.get(f"{path}/versions/{version}")
        return function_of(row)

    def get_transformation_functions(self) -> list[TransformationFunction]:
        """Those that are built in, then all versions of those that members made."""
        own = [function_of(row) for row in self._api.get(functions_path(self._project))]
        return [self.get_transformation_function(name) for name in built_in.BUILT_IN] + own

    def delete_transformation_function(self, name: str, version: int) -> None:
        """Delete a version of a function that members made; name and version are never used again.

        Raises:
            Conflict: `transformation-function-in-use`; the message says which views use it.
            NotFound: there is no such version; those that are built in have none.
        """
        self._api.delete(f"{functions_path(self._project)}/{name}/versions/{version}")

    def _transformation_bodies(self, wanted: Sequence[Transformation]) -> list[dict[str, Any]]:
        """The transformations of a view to be; functions that are not there are registered."""
        bodies = []
        for one in wanted:
            if not isinstance(one, Transformation):
                raise Invalid(
                    "transformation_functions are functions applied to columns, as in standard_scaler('delay'), not "
                    f"{one!r}",
                    code="invalid-transformation",
                )
            bodies.append(one.body(None if one.function.is_built_in else self._version_of(one.function)))
        return bodies

    def _version_of(self, function: TransformationFunction) -> int | None:
        if function.version is not None:
            return function.version
        try:
            rows = self._api.get(f"{functions_path(self._project)}/{function.name}")
        except NotFound:
            rows = []
        found = next((one for one in map(function_of, rows) if one.same_as(function)), None)
        return (found or self.create_transformation_function(function)).version


class FunctionsOf(TransformationFunctions):
    """The functions of a project, apart from its feature store."""

    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._project = project

    def bodies(self, wanted: Sequence[Transformation]) -> list[dict[str, Any]]:
        """As the API takes them; functions that are not there are registered."""
        return self._transformation_bodies(wanted)


def functions_path(project: str) -> str:
    """Where the API has a project's functions."""
    return f"/api/projects/{project}/transformation-functions"


def function_of(row: Mapping[str, Any]) -> TransformationFunction:
    """The function that the API tells of."""
    return TransformationFunction(
        name=row["name"],
        version=row["version"],
        source=row["source"],
        arguments=tuple(row["arguments"]),
        statistics=tuple(row["statistics"]),
        return_types=tuple(row["return_types"]),
        drop=tuple(row["drop"]),
        mode=row["mode"],
    )
