"""How a version of a feature group grows: columns come later, and rows of all its schemas are read with the newest.

A row that was written without a column has the column's default there, or null; whoever wrote it, and whenever.
"""

from collections.abc import Collection

from headrace_events.aggregates import Known
from headrace_events.errors import AlreadyExists, Invalid
from headrace_events.feature_default import must_be_a_default
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, command, event, value
from headrace_events.registry import register_next
from headrace_events.row_schema import MOST_COLUMNS, Appended, grown_schema, known_type


@value
class NewFeature:
    """A column to be: `default` (JSON) is what rows written without it have; none, null. It cannot be required."""

    name: str
    type: str
    description: str = ""
    default: str | None = None
    required: bool = False


@command("feature_group.append_features")
class AppendFeatures(Command):
    """Add columns to a version of a feature group, after those it has."""

    project: str
    name: str
    version: int
    features: tuple[NewFeature, ...]

    @property
    def key(self) -> str:
        return self.name


@event("feature_group.features_appended")
class FeatureGroupFeaturesAppended(Event):
    """The version has these columns too; `schema_id` is the first schema with them. Rows of earlier ones count on."""

    name: str
    version: int
    features: tuple[Appended, ...]
    topic: str
    schema_id: int

    @property
    def key(self) -> str:
        return self.name


def append(known: Known, wish: AppendFeatures, columns: Collection[str], schema_id: int) -> list[Event]:
    """Check names, types and defaults; the new schema must be compatible as the subject's level asks."""
    _check(wish, columns)
    schema = known.schema(schema_id)
    assert schema is not None  # noqa: S101 - a group stands on a schema that was registered with it
    features = tuple(
        Appended(name=one.name, type=known_type(one.name, one.type), description=one.description, default=one.default)
        for one in wish.features
    )
    topic = f"{wish.project}.features.{wish.name}.{wish.version}"
    text = grown_schema(schema.text, features)
    new_id, schemas = register_next(known, wish.project, f"{wish.name}_{wish.version}", text, topic)
    grown = FeatureGroupFeaturesAppended(
        name=wish.name, version=wish.version, features=features, topic=topic, schema_id=new_id
    )
    return [*schemas, grown]


def _check(wish: AppendFeatures, columns: Collection[str]) -> None:
    taken = set(columns)
    if not wish.features:
        raise Invalid("no-features", "name at least one feature to append")
    if len(taken) + len(wish.features) > MOST_COLUMNS:
        raise Invalid(
            "too-many-columns",
            f"a feature group has at most {MOST_COLUMNS} columns; {wish.name!r} has {len(taken)}: make another group",
            {"columns": str(len(taken)), "most": str(MOST_COLUMNS)},
        )
    for feature in wish.features:
        object_name(feature.name, "column")
        if feature.required:
            raise Invalid(
                "required-column",
                f"rows that were already written have no {feature.name!r}: append it without required, and with a "
                "default where null will not do",
                {"column": feature.name},
            )
        if feature.name in taken:
            raise AlreadyExists("column", feature.name)
        must_be_a_default(feature.name, known_type(feature.name, feature.type), feature.default)
        taken.add(feature.name)
