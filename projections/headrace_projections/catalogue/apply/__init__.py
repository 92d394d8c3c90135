"""What each metadata event changes in the catalogue."""

from headrace_projections.catalogue.apply import (
    activity,
    annotations,
    authorities,
    connectors,
    experiments,
    features,
    lineage,
    people,
    personal,
    projects,
    quotas,
    schemas,
    serving,
    sharing,
    signing_in,
    transformations,
    validation,
)
from headrace_projections.catalogue.apply.handlers import handlers

apply = handlers.apply
"""`apply(recorded) -> list[Change]`: pure, of one event."""

__all__ = [
    "activity",
    "annotations",
    "apply",
    "authorities",
    "connectors",
    "experiments",
    "features",
    "handlers",
    "lineage",
    "people",
    "personal",
    "projects",
    "quotas",
    "schemas",
    "serving",
    "sharing",
    "signing_in",
    "transformations",
    "validation",
]
