"""Of which views the vectors are to be kept ready, folded from metadata events."""

from dataclasses import dataclass, field

from headrace_events.envelope import Recorded
from headrace_events.feature_view_life import FeatureViewDeleted
from headrace_events.feature_view_precomputing import (
    FeatureViewPrecomputed,
    FeatureViewPrecomputingStopped,
    VectorPart,
)

At = tuple[str, str, int]
"""Project, name and version of a view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptView:
    """A version of a view, and what each group gives to its vectors, since event `seq` of the project."""

    project: str
    name: str
    version: int
    seq: int
    parts: tuple[VectorPart, ...]

    def topic(self, part: VectorPart) -> str:
        """The topic that carries the rows of a part."""
        return f"{self.project}.features.{part.group}.{part.version}"


@dataclass(slots=True)
class KeptViews:
    """What the metadata read so far says and is not done yet: views to begin with, and those to let go of.

    `ended` says with which event of the project; what began later is not meant.
    """

    begun: dict[At, KeptView] = field(default_factory=dict)
    ended: dict[At, int] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> None:
        """Fold one event."""
        project = recorded.project or ""
        match recorded.event:
            case FeatureViewPrecomputed(name=name, version=version, parts=parts):
                kept = KeptView(project=project, name=name, version=version, seq=recorded.seq, parts=parts)
                self.begun[project, name, version] = kept
            case (
                FeatureViewPrecomputingStopped(name=name, version=version)
                | FeatureViewDeleted(name=name, version=version)
            ):
                self.begun.pop((project, name, version), None)
                self.ended[project, name, version] = recorded.seq
            case _:
                pass

    def forget(self, project: str) -> None:
        """Know nothing of the project any more."""
        self.begun = {at: kept for at, kept in self.begun.items() if at[0] != project}
        self.ended = {at: seq for at, seq in self.ended.items() if at[0] != project}
