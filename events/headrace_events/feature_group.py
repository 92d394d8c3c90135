"""Feature groups: named, versioned tables of features, each fed by one topic."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from headrace_events.aggregates import Known, unknown
from headrace_events.errors import Invalid, NotFound
from headrace_events.feature_group_growth import AppendFeatures, FeatureGroupFeaturesAppended, append
from headrace_events.feature_statistics import (
    ConfigureStatistics,
    FeatureGroupStatisticsConfigured,
    StatisticsConfig,
    check_statistics,
    configure,
)
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, command, event, value
from headrace_events.on_demand import arguments_of, check_on_demand
from headrace_events.quota import Quota, must_fit
from headrace_events.registry import register
from headrace_events.row_schema import MOST_COLUMNS, Column, known_type, row_schema
from headrace_events.topic import TopicRequested
from headrace_events.transformation import Transformation, functions_of
from headrace_events.versions import next_version

KEY_TYPES = frozenset({"boolean", "int", "bigint", "string", "binary", "date", "timestamp"})


@command("feature_group.create")
class CreateFeatureGroup(Command):
    """Make a version of a feature group; without `version`, the next one.

    `ttl_seconds` is how long a value counts after its event time (None: for ever). Without `statistics`, they are
    those of StatisticsConfig(). What the functions of `on_demand` return are columns too, after those named here; they
    take columns, and `request_parameters`, which are not stored.
    """

    project: str
    name: str
    version: int | None = None
    description: str = ""
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    event_time: str | None = None
    online: bool = True
    offline: bool = True
    ttl_seconds: int | None = None
    partitions: int = 1
    statistics: StatisticsConfig | None = None
    on_demand: tuple[Transformation, ...] = ()
    request_parameters: tuple[Column, ...] = ()

    @property
    def key(self) -> str:
        return self.name


@event("feature_group.created")
class FeatureGroupCreated(Event):
    """The version exists; `topic` carries its rows once it is open, encoded with schema `schema_id`.

    Of `columns`, those that functions of `on_demand` name as outputs are computed by whoever writes rows or reads
    vectors, of other columns and of `request_parameters`, which rows do not have.
    """

    name: str
    version: int
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    event_time: str | None = None
    online: bool
    offline: bool
    ttl_seconds: int | None = None
    topic: str
    subject: str
    schema_id: int
    statistics: StatisticsConfig | None = None
    on_demand: tuple[Transformation, ...] = ()
    request_parameters: tuple[Column, ...] = ()

    @property
    def key(self) -> str:
        return self.name


@value
class FeatureGroupVersion:
    """What decisions need to know of a version; `types` are of its columns, `schema_id` is their newest schema.

    `external` is the storage connector of a version whose rows are in another database; it has no schema (0), and
    `known_at` is its column that says when a row became known, if it has one.
    `source`, as `<name>.<version>`, is the group that the platform computes its rows from, if it does. `on_demand` has
    the arguments of each feature that is computed on demand, `request_parameters` the types of those that no row has,
    `functions`, as `<name>.<version>`, what members wrote to compute them.
    """

    columns: tuple[str, ...]
    types: Mapping[str, str]
    primary_key: tuple[str, ...]
    event_time: str | None = None
    schema_id: int
    external: str | None = None
    source: str | None = None
    on_demand: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    request_parameters: Mapping[str, str] = field(default_factory=dict)
    known_at: str | None = None
    online: bool = True


@value
class Clears:
    """How often a version was asked to be cleared, and which of these requests is the last one that is done."""

    asked: int = 0
    done: int = 0


@value
class FeatureGroup:
    """All versions of a feature group that ever were, by number; the `deleted` ones are there no more."""

    versions: Mapping[str, FeatureGroupVersion]
    deleted: tuple[int, ...] = ()
    clears: Mapping[str, Clears] = field(default_factory=dict)

    def version(self, number: int) -> FeatureGroupVersion | None:
        """The version of that number, or None."""
        return None if number in self.deleted else self.versions.get(str(number))

    def cleared(self, number: int) -> Clears:
        """How often the version of that number was cleared."""
        return self.clears.get(str(number), Clears())


def decide(state: FeatureGroup | None, wish: Command, known: Known) -> list[Event]:
    """Check names, types and keys; use each version number once."""
    match wish:
        case CreateFeatureGroup():
            version = next_version(state.versions if state else {}, wish.version, "feature group", wish.name)
            wish = replace(wish, columns=_typed(wish.columns), request_parameters=_typed(wish.request_parameters))
            on_demand, computed = check_on_demand(
                wish.on_demand, wish.columns, wish.request_parameters, wish.project, known
            )
            _check(wish, computed)
            wish = replace(wish, columns=(*wish.columns, *computed), on_demand=on_demand)
            more = {Quota.FEATURE_GROUPS: 1, Quota.TOPICS: 1, Quota.PARTITIONS: wish.partitions}
            must_fit(known, wish.project, more)
            required = (*wish.primary_key, *((wish.event_time,) if wish.event_time else ()))
            text = row_schema(wish.project, wish.name, version, wish.columns, required)
            subject = f"{wish.name}_{version}"
            topic = f"{wish.project}.features.{wish.name}.{version}"
            schema_id, schemas = register(known, wish.project, subject, text, topic)
            return [
                *schemas,
                FeatureGroupCreated(
                    name=wish.name,
                    version=version,
                    description=wish.description,
                    columns=wish.columns,
                    primary_key=wish.primary_key,
                    event_time=wish.event_time,
                    online=wish.online,
                    offline=wish.offline,
                    ttl_seconds=wish.ttl_seconds,
                    topic=topic,
                    subject=subject,
                    schema_id=schema_id,
                    statistics=wish.statistics,
                    on_demand=wish.on_demand,
                    request_parameters=wish.request_parameters,
                ),
                TopicRequested(name=topic, partitions=wish.partitions, purpose="features", subject=subject),
            ]
        case AppendFeatures():
            grows = state.version(wish.version) if state else None
            if grows is None:
                raise NotFound("feature group", f"{wish.name} version {wish.version}")
            return append(known, wish, (*grows.columns, *grows.request_parameters), grows.schema_id)
        case ConfigureStatistics():
            counted = state.version(wish.version) if state else None
            if counted is None:
                raise NotFound("feature group", f"{wish.name} version {wish.version}")
            return configure(wish, counted.types)
        case _:
            raise unknown(wish)


def _typed(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The same, with their types as events have them; raises Invalid."""
    return tuple(replace(one, type=known_type(one.name, one.type)) for one in columns)


def _check(wish: CreateFeatureGroup, computed: Sequence[Column]) -> None:
    for name in (*wish.primary_key, wish.event_time):
        if any(one.name == name for one in computed):
            raise Invalid(
                "computed-key", f"{name!r} is computed on demand: a key and an event time are what rows bring"
            )
    columns = (*wish.columns, *computed)
    check_columns(wish.name, columns, wish.primary_key, wish.event_time)
    if not wish.online and not wish.offline:
        raise Invalid("nowhere", "a feature group is online, offline or both")
    if wish.ttl_seconds is not None and (wish.ttl_seconds <= 0 or wish.event_time is None):
        raise Invalid("invalid-ttl", "a time to live is a positive number of seconds and needs an event time")
    if wish.statistics is not None:
        check_statistics(wish.statistics, {column.name: column.type for column in columns})
    if not 1 <= wish.partitions <= 64:
        raise Invalid("invalid-partitions", "a feature group has 1 to 64 partitions")


def check_columns(group: str, columns: Sequence[Column], primary_key: Sequence[str], event_time: str | None) -> None:
    """Raise Invalid unless the names are good, the key is of columns that can be one, and so is the event time."""
    object_name(group, "feature group")
    names = [column.name for column in columns]
    for column in columns:
        object_name(column.name, "column")
    if not names or len(names) > MOST_COLUMNS:
        raise Invalid("invalid-columns", f"a feature group has 1 to {MOST_COLUMNS} columns")
    if len(set(names)) != len(names):
        raise Invalid("duplicate-column", f"a column is named twice: {_repeated(names)}")
    types = {column.name: column.type for column in columns}
    if not primary_key:
        raise Invalid("no-primary-key", "a feature group needs a primary key of at least one column")
    for name in primary_key:
        if name not in types:
            raise Invalid("unknown-column", f"the primary key names {name!r}, which is not a column", {"column": name})
        if types[name] not in KEY_TYPES:
            raise Invalid("invalid-key-type", f"{name!r} of type {types[name]} cannot be a key", {"column": name})
    if event_time is not None and types.get(event_time) != "timestamp":
        raise Invalid("invalid-event-time", f"event time {event_time!r} must be a column of type timestamp")


def _repeated(names: Sequence[str]) -> str:
    return ", ".join(sorted({name for name in names if names.count(name) > 1}))


def evolve(state: FeatureGroup | None, fact: Event) -> FeatureGroup:
    """Fold one event."""
    match fact:
        case FeatureGroupCreated():
            made = FeatureGroupVersion(
                columns=tuple(column.name for column in fact.columns),
                types={column.name: column.type for column in fact.columns},
                primary_key=fact.primary_key,
                event_time=fact.event_time,
                schema_id=fact.schema_id,
                on_demand=arguments_of(fact.on_demand),
                functions=functions_of(fact.on_demand),
                request_parameters={one.name: one.type for one in fact.request_parameters},
                online=fact.online,
            )
            before = state or FeatureGroup(versions={})
            return replace(before, versions={**before.versions, str(fact.version): made})
        case FeatureGroupFeaturesAppended() if state is not None:
            version = state.versions[str(fact.version)]
            columns = (*version.columns, *(feature.name for feature in fact.features))
            types = {**version.types, **{feature.name: feature.type for feature in fact.features}}
            grown = replace(version, columns=columns, types=types, schema_id=fact.schema_id)
            return replace(state, versions={**state.versions, str(fact.version): grown})
        case FeatureGroupStatisticsConfigured() if state is not None:
            return state
        case _:
            raise unknown(fact)
