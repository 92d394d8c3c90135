"""The model registry: versions with everything that went into them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from headrace._artifacts import DatasetApi
from headrace._errors import Invalid, NotFound
from headrace._feature_view import FeatureView
from headrace._instances import instances
from headrace._model_archive import loaded, packed, unpacked
from headrace._program import environment
from headrace._study import ExperimentResult
from headrace._training_dataset import TrainingDataset

if TYPE_CHECKING:
    from headrace._project import Project
    from headrace._serving import Deployment

FRAMEWORKS = ("python", "sklearn", "tensorflow", "torch")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWish:
    """A version as it was asked for, before it is saved."""

    name: str
    framework: str
    version: int | None
    metrics: Mapping[str, float]
    description: str
    inputs: tuple[str, ...] | None
    trained_on: Mapping[str, Any] | None
    result: ExperimentResult | None
    trial: int | None
    method: str
    example: Any = field(default=None, repr=False)


class Model:
    """One version of a model. One that was only created becomes a version by `save`."""

    def __init__(self, project: Project, row: Mapping[str, Any] | None, wish: ModelWish | None = None) -> None:
        self._project = project
        self._row = row
        self._wish = wish

    def __repr__(self) -> str:
        return f"Model({self.name!r}, version={self._row['version'] if self._row else None})"

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._row["name"]) if self._row is not None else self._wished.name

    @property
    def version(self) -> int:
        """Its version; raises Invalid before it is saved."""
        return int(self._known["version"])

    @property
    def framework(self) -> str:
        """What it is made with."""
        return str(self._known["framework"])

    @property
    def description(self) -> str:
        """What its maker wrote about it."""
        return str(self._known["description"])

    @property
    def training_metrics(self) -> dict[str, float]:
        """How good it was in training."""
        return dict(self._known["metrics"])

    @property
    def inputs(self) -> tuple[str, ...]:
        """The features it takes, in order."""
        return tuple(self._known["inputs"])

    @property
    def trained_on(self) -> dict[str, Any] | None:
        """The training dataset it learnt from: view, view_version, version."""
        return self._known.get("trained_on")

    @property
    def study(self) -> str | None:
        """The study that found it."""
        return self._known.get("study")

    @property
    def trial(self) -> int | None:
        """Which of the study's trials it is."""
        return self._known.get("trial")

    @property
    def program(self) -> str | None:
        """The SHA-256 of the stored training function."""
        return self._known.get("program")

    @property
    def environment(self) -> tuple[str, ...]:
        """Python and the distributions it was made with, as `name==version`."""
        return tuple(self._known["environment"])

    @property
    def creator(self) -> str:
        """Who made it."""
        return str(self._known["created_by"])

    def save(self, model: Any) -> Model:
        """Store the model (an object, or the path of a pickle or of a folder) and register the version.

        Raises Invalid where it cannot be stored or loaded again, Conflict where the version exists.
        """
        wish = self._wished
        inputs = wish.inputs if wish.inputs is not None else tuple(getattr(model, "feature_names_in_", ()))
        if not inputs:
            raise Invalid(
                "say which features the model takes: inputs=[…] in order, or feature_view=…", code="no-inputs"
            )
        archive = packed(model, wish.method, None if wish.example is None else instances(wish.example))
        body: dict[str, Any] = {
            "name": wish.name,
            "version": wish.version,
            "description": wish.description,
            "framework": wish.framework,
            "artifact": DatasetApi(self._project._api, self._project.name).upload_bytes(archive),
            "metrics": {name: float(number) for name, number in wish.metrics.items()},
            "inputs": [str(name) for name in inputs],
            "trained_on": wish.trained_on,
            "environment": environment(),
        }
        if wish.result is not None:
            trial = wish.trial if wish.trial is not None else wish.result.best_id
            body |= {"study": wish.result.study, "trial": trial, "program": wish.result.program}
        api, name = self._project._api, self._project.name
        accepted = api.post(f"/api/projects/{name}/models", body)
        made = api.happened(name, accepted, "model.version_created")
        self._row = api.get(f"/api/projects/{name}/models/{wish.name}/versions/{made['version']}")
        return self

    def download(self, local_path: str | os.PathLike[str]) -> Path:
        """Unpack the stored archive into that folder."""
        folder = Path(local_path)
        folder.mkdir(parents=True, exist_ok=True)
        unpacked(self._project.get_dataset_api().read_content(self._known["artifact"]), folder)
        return folder

    @property
    def input_example(self) -> Any:
        """Rows that it takes, as its maker gave them; None if there are none."""
        with TemporaryDirectory() as folder:
            content = self._project.get_dataset_api().read_content(self._known["artifact"])
            return unpacked(content, Path(folder)).get("input_example")

    def load(self) -> Any:
        """The object that was saved; runs code of whoever saved it."""
        with TemporaryDirectory() as folder:
            content = self._project.get_dataset_api().read_content(self._known["artifact"])
            return loaded(Path(folder), unpacked(content, Path(folder)))

    def deploy(self, name: str | None = None, replicas: int = 1, *, wait: bool = True) -> Deployment:
        """Serve this version, under the model's name if none is given; for Data Owners.

        Returns when it answers, unless `wait` is False. Raises Failed with the reason where it cannot be served.
        """
        serving = self._project.get_model_serving()
        return serving.create_deployment(self, name=name or self.name, replicas=replicas, wait=wait)

    @property
    def _known(self) -> Mapping[str, Any]:
        if self._row is None:
            raise Invalid(f"model {self.name!r} is not saved yet: call save(model)", code="not-saved")
        return self._row

    @property
    def _wished(self) -> ModelWish:
        if self._wish is None or self._row is not None:
            raise Invalid(f"{self!r} is saved already, and versions never change: create another", code="saved")
        return self._wish


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
            inputs: the view's columns it takes, in order; else those it was fitted with, else the view's features.
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
        if inputs is None and feature_view is not None:
            inputs = [feature.name for feature in feature_view.features]
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
                trained_on=_trained_on(feature_view, training_dataset_version, training_dataset, experiment),
                result=experiment,
                trial=trial,
                method=predict_with,
                example=input_example,
            ),
        )


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
