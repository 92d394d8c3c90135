"""Transformation functions."""

from headrace_events.envelope import Recorded
from headrace_events.transformation_function import TransformationFunctionCreated
from headrace_events.transformation_function_life import TransformationFunctionDeleted
from headrace_projections.catalogue.apply.handlers import authored, on, project_of
from headrace_projections.changes import Change, Delete, Upsert


@on(TransformationFunctionCreated)
def list_transformation_function(event: TransformationFunctionCreated, at: Recorded) -> list[Change]:
    """Show the new version of the function."""
    row = {
        "source": event.source,
        "arguments": list(event.arguments),
        "statistics": list(event.statistics),
        "return_types": list(event.return_types),
        "dropped": list(event.drop),
        "mode": event.mode,
        **authored("created", at),
    }
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Upsert("transformation_functions", key, row)]


@on(TransformationFunctionDeleted)
def delete_transformation_function(event: TransformationFunctionDeleted, at: Recorded) -> list[Change]:
    """Show it no more; what it was, the activity tells."""
    return [
        Delete("transformation_functions", {"project": project_of(at), "name": event.name, "version": event.version})
    ]
