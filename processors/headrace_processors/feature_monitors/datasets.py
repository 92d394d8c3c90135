"""What the metadata says of training datasets: where the statistics of each lie, and up to where its rows go."""

from dataclasses import dataclass, field

import orjson

from headrace_broker.artifacts import Artifacts
from headrace_broker.errors import Corrupt, Missing
from headrace_broker.errors import Unavailable as BrokerUnavailable
from headrace_events.envelope import Recorded
from headrace_events.project import ProjectClosing
from headrace_events.training_dataset import TrainingDatasetRecorded
from headrace_events.training_files import TrainingDatasetDeleted
from headrace_processors.feature_monitors.dataset import DatasetWindow
from headrace_projections.history.errors import Impossible, Unavailable

_Key = tuple[str, str, int, int]


@dataclass(slots=True)
class Datasets:
    """Folded from all metadata events; `take` them in the order of their topic."""

    _made: dict[_Key, TrainingDatasetRecorded] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> None:
        """Fold one event."""
        project = recorded.project or ""
        match recorded.event:
            case ProjectClosing(project=closed):
                self._made = {key: made for key, made in self._made.items() if key[0] != closed}
            case TrainingDatasetRecorded() as made:
                self._made[project, made.view, made.view_version, made.version] = made
            case TrainingDatasetDeleted() as gone:
                self._made.pop((project, gone.view, gone.view_version, gone.version), None)
            case _:
                pass

    def window(self, storage: str, project: str, view: str, view_version: int, version: int) -> DatasetWindow:
        """The dataset as a window; raises Impossible where there is none with statistics, Unavailable."""
        made = self._made.get((project, view, view_version, version))
        if made is None or made.statistics is None:
            raise Impossible(
                f"view {view!r} version {view_version} has no training dataset {version} with statistics: compare with"
                " one that was made and is not deleted"
            )
        try:
            content = Artifacts.at(storage).read(project, made.statistics)
        except BrokerUnavailable as error:
            raise Unavailable(str(error)) from error
        except (Missing, Corrupt) as error:
            raise Impossible(str(error)) from error
        return DatasetWindow.of(orjson.loads(content), made.positions)
