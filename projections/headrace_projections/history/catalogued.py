"""Views as the catalogue has them, with their groups: what reading their history takes to know."""

from collections.abc import Sequence
from dataclasses import dataclass

from headrace_events.external_feature_group import IsExternal
from headrace_events.feature_view import FeatureViewCreated, borrowed, selections
from headrace_projections.catalogue.queries.external_feature_groups import external_feature_groups
from headrace_projections.catalogue.queries.feature_views import feature_views
from headrace_projections.catalogue.queries.sharing import must_be_open_to
from headrace_projections.history.errors import Impossible
from headrace_projections.history.positions import Ends, ends_of
from headrace_projections.history.tables import history_of, reached
from headrace_projections.history.view import ViewHistory
from headrace_projections.rows.catalogued import Pool, group_of
from headrace_projections.rows.groups import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class CataloguedView:
    """A view, and its root group and joined groups in its order. Nothing of it ever changes."""

    view: FeatureViewCreated
    groups: tuple[Group, ...]

    def history(self, storage: str, positions: Sequence[str] = ()) -> tuple[ViewHistory, dict[str, Ends]]:
        """The view's history up to the positions, or else up to where the offline tables are; and where it ends.

        Raises Impossible where positions do not fit or the tables have not reached them, Unavailable.
        """
        if positions:
            ends = ends_of(self.groups, positions)
        else:
            ends = {group.topic_id: reached(storage, group) for group in self.groups}
        histories = []
        for group in self.groups:
            history = history_of(storage, group, ends[group.topic_id])
            if history is None:
                raise Impossible(f"the offline table of {group.name!r} has not reached the positions: try again later")
            histories.append(history)
        return ViewHistory(view=self.view, root=histories[0], joined=tuple(histories[1:])), ends


async def catalogued_view(pool: Pool, project: str, name: str, version: int) -> CataloguedView | None:
    """The version of a view, or None where there is none.

    Raises Impossible where a group of it takes no rows yet, NotFound where one is another project's and not shared,
    IsExternal where the rows of one are in another database.
    """
    rows = await feature_views(pool, project, name, version)
    if not rows:
        return None
    (row,) = rows
    view = FeatureViewCreated(
        name=row.name,
        version=row.version,
        description=row.description,
        root=row.root,
        joins=row.joins,
        labels=row.labels,
        inference_helpers=row.inference_helpers,
        training_helpers=row.training_helpers,
        filters=row.filters,
        known_at=row.known_at,
    )
    await must_be_open_to(pool, project, borrowed(selections(view)))
    groups = []
    for selection in selections(view):
        found = await group_of(pool, selection.home(project), selection.group, selection.version)
        if found is None:
            if await external_feature_groups(pool, project, selection.group, selection.version):
                instead = "its past is there as far as its query tells it; read that, or training data"
                raise IsExternal(selection.group, selection.version, instead)
            raise Impossible(f"feature group {selection.group!r} takes no rows yet: try again later")
        groups.append(found.group)
    return CataloguedView(view=view, groups=tuple(groups))
