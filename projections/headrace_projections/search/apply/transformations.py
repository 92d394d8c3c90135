"""Transformation functions, found by their names, their features and what their source says."""

from headrace_events.transformation_function import TransformationFunctionCreated
from headrace_events.transformation_function_life import TransformationFunctionDeleted
from headrace_projections.lineage import node
from headrace_projections.search.document import Document
from headrace_projections.search.telling import Telling, on

_MOST = 10_000
"""Characters of a source that are searched."""


@on(TransformationFunctionCreated)
def transformation_function_created(told: Telling[TransformationFunctionCreated]) -> list[Document]:
    """A version of a function."""
    event = told.event
    return [
        told.new(
            node.transformation_function(event.name, event.version),
            event.name,
            version=event.version,
            columns=event.arguments,
            tags=(event.mode,),
            text=(event.source[:_MOST],),
        )
    ]


@on(TransformationFunctionDeleted)
def transformation_function_deleted(told: Telling[TransformationFunctionDeleted]) -> list[Document]:
    """It is gone, and can still be found."""
    return told.again(node.transformation_function(told.event.name, told.event.version), state="deleted")
