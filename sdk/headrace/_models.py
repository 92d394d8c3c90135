"""The model registry: versions with everything that went into them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace._errors import Invalid, NotFound
from headrace._feature_view import FeatureView
from headrace._model import Model, ModelWish
from headrace._study import ExperimentResult
from headrace._training_dataset import TrainingDataset
from headrace._transformer import Transformer

if TYPE_CHECKING:
    from headrace._project import Project


class Framework:
    """Makes model versions of one framework: `mr.sklearn.create_model(...)`."""

    def __init__(self, project: Project, framework: str) -> None:
        self._project = project
        self._framework = framework

    def create_model(
        self,
        name: str,
        version: int | None = None,
        metrics: Mapping[str, float] | None = None,
        description: str = "",
        *,
        feature_view: FeatureView | None = None,
        training_dataset_version: int | None = None,
        training_dataset: TrainingDataset | None = None,
        inputs: Sequence[str] | None = None,
        experiment: ExperimentResult | None = None,
        trial: int | None = None,
        input_example: Any = None,
        predict_with: str = "predict",
    ) -> Model:
        """Describe a version to be; `save` makes it.

        Args:
            name: of the model.
            version: the next one if not given; never used twice.
            metrics: how good it was, finite numbers by name.
            description: for people.
            feature_view: what it takes features from, and with `training_dataset_version` what it learnt from.
            training_dataset_version: of that view.
            training_dataset: what it learnt from, instead of the two.
            inputs: the view's columns it takes, in order; else those it was fitted with, else the view's features. Of
                a view with transformations what comes out of them: a deployment applies them, with the statistics of
                the training dataset, to what is stored or asked with. A study's trials read what is stored, and so
                does a model that takes nothing but columns that are stored.
            experiment: the result of the study that found it.
            trial: which of its trials; else the best one.
            input_example: rows that it takes, kept beside it for people.
            predict_with: the method that predicts, e.g. `predict_proba` (of several numbers a row the last counts).

        Raises:
            Invalid: the metrics are not finite numbers.
        """
        for key, number in (metrics or {}).items():
            if isinstance(number, bool) or not math.isfinite(number):
                raise Invalid(f"metric {key!r} is {number!r}, not a finite number", code="non-finite-number")
        trained_on = _trained_on(feature_view, training_dataset_version, training_dataset, experiment)
        learnt = self._view(feature_view, trained_on)
        transformer = None if learnt is None or trained_on is None else self._transformer(learnt, trained_on)
        if inputs is None and feature_view is not None:
            if transformer is None and feature_view.transformation_functions:
                raise Invalid(
                    f"{feature_view!r} transforms its features: name the training_dataset_version that the model learnt"
                    " from, or its inputs",
                    code="no-training-dataset-version",
                )
            given = feature_view if transformer is None or experiment is not None else transformer
            inputs = [feature.name for feature in given.features]
        return Model(
            self._project,
            None,
            ModelWish(
                name=name,
                framework=self._framework,
                version=version,
                metrics=dict(metrics or {}),
                description=description,
                inputs=tuple(inputs) if inputs is not None else None,
                trained_on=trained_on,
                result=experiment,
                trial=trial,
                method=predict_with,
                transformer=transformer,
                on_demand=None if learnt is None else learnt.on_demand,
                example=input_example,
            ),
        )

    def _view(self, view: FeatureView | None, trained_on: Mapping[str, Any] | None) -> FeatureView | None:
        """The view that the model learnt from, if it did from one."""
        if trained_on is None or view is not None:
            return view if trained_on is not None else None
        api, project = self._project._api, self._project.name
        path = f"/api/projects/{project}/feature-views/{trained_on['view']}/versions/{trained_on['view_version']}"
        return FeatureView(api, project, api.get(path))

    def _transformer(self, view: FeatureView, trained_on: Mapping[str, Any]) -> Transformer | None:
        """What the view does to its features for this dataset; None where it leaves them as they are."""
        if not view.transformation_functions and not view.on_demand_features:
            return None
        features = frozenset(feature.name for feature in view.features)
        return view.transformer(view.get_training_dataset(trained_on["version"])).of(features)


def _trained_on(
    view: FeatureView | None, version: int | None, dataset: TrainingDataset | None, result: ExperimentResult | None
) -> Mapping[str, Any] | None:
    if dataset is not None:
        return {"view": dataset.view, "view_version": dataset.view_version, "version": dataset.version}
    if view is not None and version is not None:
        return {"view": view.name, "view_version": view.version, "version": version}
    return result.trained_on if result is not None else None


class ModelRegistry:
    """The models of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._path = f"/api/projects/{project.name}/models"
        self.python = Framework(project, "python")
        self.sklearn = Framework(project, "sklearn")
        self.tensorflow = Framework(project, "tensorflow")
        self.torch = Framework(project, "torch")

    def get_model(self, name: str, version: int | None = None) -> Model:
        """A version of a model, the newest if none is given; raises NotFound."""
        if version is None:
            return self.get_models(name)[0]
        return Model(self._project, self._project._api.get(f"{self._path}/{name}/versions/{version}"))

    def get_models(self, name: str) -> list[Model]:
        """All versions of a model, the newest first; raises NotFound."""
        return [Model(self._project, row) for row in self._project._api.get(f"{self._path}/{name}")]

    def get_best_model(self, name: str, metric: str, direction: str) -> Model:
        """The version with the best metric (`direction` is max or min; of equals the newest); raises NotFound."""
        if direction not in {"max", "min"}:
            raise Invalid(f"a direction is max or min, not {direction!r}", code="bad-direction")
        having = [model for model in self.get_models(name) if metric in model.training_metrics]
        if not having:
            raise NotFound(f"no version of {name!r} has a metric {metric!r}", code="model-not-found")
        choose = max if direction == "max" else min
        return choose(having, key=lambda model: model.training_metrics[metric])
