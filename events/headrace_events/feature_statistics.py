"""What is counted of the rows of a feature group while they come, and when that is to be something else."""

from collections.abc import Mapping

from headrace_events.errors import Invalid
from headrace_events.language import Command, Event, command, event, value

MOST_COUNTED = 1_000
"""Of how many columns there are statistics, where a group does not name any."""
MOST_CORRELATED = 100


@value
class StatisticsConfig:
    """Statistics of these `columns`; without names of the first 1,000, also of those that come later.

    Correlations are of the first 100 numeric ones among them. With `exact_uniqueness`, distinct values are counted one
    by one where the statistics of a moment are computed; while rows come they are estimated.
    """

    enabled: bool = True
    histograms: bool = True
    correlations: bool = False
    columns: tuple[str, ...] = ()
    exact_uniqueness: bool = False

    def counted(self, columns: Mapping[str, str]) -> dict[str, str]:
        """Those of the columns (name → type) that are counted."""
        if not self.enabled:
            return {}
        names = self.columns or tuple(columns)[:MOST_COUNTED]
        return {name: columns[name] for name in names}


@command("feature_group.configure_statistics")
class ConfigureStatistics(Command):
    """Say anew what is counted of the rows of a version of a feature group: of those that are there already, too."""

    project: str
    name: str
    version: int
    statistics: StatisticsConfig

    @property
    def key(self) -> str:
        return self.name


@event("feature_group.statistics_configured")
class FeatureGroupStatisticsConfigured(Event):
    """This is counted of the version's rows from now on; what was counted otherwise is counted again."""

    name: str
    version: int
    statistics: StatisticsConfig
    topic: str

    @property
    def key(self) -> str:
        return self.name


def configure(wish: ConfigureStatistics, columns: Mapping[str, str]) -> list[Event]:
    """The names must be columns (name → type) of the version."""
    check_statistics(wish.statistics, columns)
    topic = f"{wish.project}.features.{wish.name}.{wish.version}"
    return [
        FeatureGroupStatisticsConfigured(name=wish.name, version=wish.version, statistics=wish.statistics, topic=topic)
    ]


def check_statistics(wish: StatisticsConfig, columns: Mapping[str, str]) -> None:
    """Raise Invalid unless it names columns of the group, each once, and no more than are counted."""
    for name in wish.columns:
        if name not in columns:
            raise Invalid("unknown-column", f"statistics name {name!r}, which is not a column", {"column": name})
    if len(set(wish.columns)) != len(wish.columns):
        raise Invalid("duplicate-column", "statistics name a column twice")
    if len(wish.columns) > MOST_COUNTED:
        raise Invalid(
            "too-many-columns",
            f"statistics are of at most {MOST_COUNTED} columns, not {len(wish.columns)}",
            {"columns": str(len(wish.columns)), "most": str(MOST_COUNTED)},
        )
