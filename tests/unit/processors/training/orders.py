"""A group of orders, and a view of it."""

from tests.unit.projections.history.offline_rows import group

from headrace_events.feature_view import FeatureViewCreated, GroupSelection

ORDERS = group("orders", {"id": "bigint", "at": "timestamp", "amount": "double", "shop": "string"}, ["id"])
VIEW = FeatureViewCreated(
    name="orders",
    version=1,
    description="",
    root=GroupSelection(group="orders", version=1, features=("amount", "shop")),
    joins=(),
    labels=(),
)
