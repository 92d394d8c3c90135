"""What is counted of the rows of a feature group while they come."""

from collections.abc import Mapping

from headrace_events.errors import Invalid
from headrace_events.language import value

MOST_COUNTED = 1_000
"""Of how many columns there are statistics, where a group does not name any."""
MOST_CORRELATED = 100


@value
class StatisticsConfig:
    """Statistics of these `columns`; without names of the first 1,000, also of those that come later.

    Correlations are of the first 100 numeric ones among them.
    """

    enabled: bool = True
    histograms: bool = True
    correlations: bool = False
    columns: tuple[str, ...] = ()

    def counted(self, columns: Mapping[str, str]) -> dict[str, str]:
        """Those of the columns (name → type) that are counted."""
        if not self.enabled:
            return {}
        names = self.columns or tuple(columns)[:MOST_COUNTED]
        return {name: columns[name] for name in names}


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
