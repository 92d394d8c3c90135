"""The schemas of each project, folded: what a trial that reads topics decodes records by."""

from collections import defaultdict
from collections.abc import Mapping

from headrace_events.avro import Written
from headrace_events.envelope import Recorded
from headrace_events.project import ProjectClosing
from headrace_events.schema import Schema, SchemaRegistered, written
from headrace_events.subject import SubjectVersionRegistered
from headrace_schemas.avro import ApacheAvro


class ProjectSchemas:
    """Every registered schema once, and which of them each project has."""

    def __init__(self) -> None:
        self._schemas: dict[int, Schema] = {}
        self._of: defaultdict[str, set[int]] = defaultdict(set)
        self._avro = ApacheAvro()

    def apply(self, recorded: Recorded) -> None:
        """Fold one event."""
        match recorded.event:
            case SchemaRegistered(schema_id=schema_id, schema=text, references=references):
                self._schemas[schema_id] = Schema(schema_id=schema_id, text=text, references=references)
            case SubjectVersionRegistered(schema_id=schema_id) if recorded.project is not None:
                self._of[recorded.project].add(schema_id)
            case ProjectClosing(project=project):
                self._of.pop(project, None)
            case _:
                pass

    def of(self, project: str) -> Mapping[int, str]:
        """The project's schemas by id, with all that they refer to written out."""
        return {one: self._resolved(one) for one in self._of.get(project, ()) if one in self._schemas}

    def _resolved(self, schema_id: int) -> str:
        schema = self._schemas[schema_id]
        whole: Written = written(self._schemas.get, schema.text, schema.references)
        return self._avro.resolved(whole)
