"""From events to documents: a pure fold, written down by noun."""

from dataclasses import dataclass, field

from headrace_events.envelope import Recorded
from headrace_events.project import ProjectClosing
from headrace_projections.search.apply import (
    annotations,
    experiments,
    features,
    projects,
    runs,
    serving,
    transformations,
)
from headrace_projections.search.document import Document
from headrace_projections.search.telling import HANDLERS, Telling

__all__ = ["Documents", "annotations", "experiments", "features", "projects", "runs", "serving", "transformations"]


@dataclass(slots=True)
class Documents:
    """Every document, by its key, after the events taken so far; a closing project has none."""

    all: dict[str, Document] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> list[Document]:
        """Fold one event; return the documents that changed, each with the event's sequence number."""
        if isinstance(recorded.event, ProjectClosing):
            closed = recorded.event.project
            self.all = {key: document for key, document in self.all.items() if document.project != closed}
        handler = HANDLERS.get(type(recorded.event))
        if handler is None:
            return []
        changed = handler(Telling(recorded.event, recorded, self.all))
        self.all |= {document.key: document for document in changed}
        return changed
