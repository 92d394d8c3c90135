"""What the rebuilds of both indexes do alike: an index beside the live one, and its taking of the live one's place."""

from collections.abc import Mapping
from typing import Any

from psycopg import Connection as Database

from headrace_broker.topics import LINEAGE
from headrace_projections import checkpoint
from headrace_projections.checkpoint import Vector
from headrace_projections.moments import Cut
from headrace_projections.rebuilt import Comparison
from headrace_projections.search.comparing import compare
from headrace_projections.search.engine import Engine
from headrace_projections.search.tables import believe


def reached(database: Database[Any], name: str) -> Vector:
    """How far the projection of that name has read the metadata."""
    found = checkpoint.read(database, name)
    return {where: start for where, start in found.items() if where.topic != LINEAGE}


def make_index_as_of(engine: Engine, alias: str, body: Mapping[str, Any], cut: Cut) -> str:
    """Make an empty index for how it was at that cut, in the place of one of that name; return its name."""
    index = f"{alias}-as-of-{cut.time}"
    engine.drop(index)
    engine.make(index, body)
    return index


def compare_with_live(engine: Engine, alias: str, index: str) -> Comparison:
    """Compare a full index with the one that the alias names now."""
    return compare(engine, alias, engine.target(alias) or "", index)


def put_in_place(database: Database[Any], engine: Engine, alias: str, index: str) -> str:
    """Point the alias at the index, in a transaction that no projector writes beside; return what it named before."""
    live = engine.target(alias) or ""
    engine.point(alias, index)
    believe(database, alias, engine.uuid(index))
    return live
