"""Making the catalogue again."""

from collections.abc import Mapping

from headrace_broker.connection import connection_from
from headrace_projections.catalogue.definition import TABLES, apply
from headrace_projections.metadata_rebuild import MetadataRebuild


def rebuildable(environment: Mapping[str, str]) -> MetadataRebuild:
    """The catalogue on the log and in the database of that environment; raises KeyError naming what is missing."""
    return MetadataRebuild(connection_from(environment), environment["HEADRACE_POSTGRES"], TABLES, apply)
