"""One version of a model: what went into it, and what can be done with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from headrace._artifacts import DatasetApi
from headrace._errors import Invalid
from headrace._instances import instances
from headrace._model_archive import loaded, packed, unpacked
from headrace._on_demand import OnDemand
from headrace._prepare import preparing
from headrace._program import environment
from headrace._study import ExperimentResult
from headrace._transformer import Transformer

if TYPE_CHECKING:
    from headrace._project import Project
    from headrace._serving import Deployment


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
    transformer: Transformer | None = None
    on_demand: OnDemand | None = None
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
        """The features it takes, in order; where its view transforms or computes them, what a request says instead."""
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
        prepare = None if wish.transformer is None else preparing(wish.transformer, inputs, wish.on_demand)
        example = None if wish.example is None else instances(wish.example)
        archive = packed(model, wish.method, example, prepare)
        body: dict[str, Any] = {
            "name": wish.name,
            "version": wish.version,
            "description": wish.description,
            "framework": wish.framework,
            "artifact": DatasetApi(self._project._api, self._project.name).upload_bytes(archive),
            "metrics": {name: float(number) for name, number in wish.metrics.items()},
            "inputs": [str(name) for name in (inputs if prepare is None else prepare.inputs)],
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
