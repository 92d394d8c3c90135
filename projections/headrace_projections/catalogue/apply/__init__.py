"""What each metadata event changes in the catalogue."""

from headrace_projections.catalogue.apply import (
    activity,
    annotations,
    authorities,
    connectors,
    experiments,
    feature_monitors,
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
    "feature_monitors",
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
