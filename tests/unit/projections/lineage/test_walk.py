"""Walking the graph, without any server."""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from headrace_events.ids import Micros, ProjectName
from headrace_projections.lineage import graph
from headrace_projections.lineage.edge import Edge
from headrace_projections.lineage.graph import Direction, Walk, walk
from headrace_projections.lineage.node import Node

Pairs = Collection[tuple[str, str]]


def edge(source: Node, target: Node) -> Edge:
    return Edge(
        project=ProjectName("flights"),
        source=source,
        target=target,
        kind="leads",
        since_seq=1,
        since=Micros(1),
        actor="user:ada",
        position="t:0:1",
    )


def walked(pairs: Pairs, start: str, direction: Direction, levels: int) -> Walk:
    edges = [edge(Node.parse(source), Node.parse(target)) for source, target in pairs]

    def touching(nodes: Collection[Node], way: Direction) -> list[Edge]:
        if way is Direction.UPSTREAM:
            return [each for each in edges if each.target in nodes]
        return [each for each in edges if each.source in nodes]

    return walk(Node.parse(start), direction, levels, touching)


CHAIN = [("topic:a", "feature_group:a.1"), ("feature_group:a.1", "feature_view:v.1"), ("person:x", "feature_view:v.1")]


def levels(found: Walk) -> dict[str, int]:
    return {str(node): level for node, level in found.levels.items()}


def test_upstream_is_where_it_came_from() -> None:
    found = walked(CHAIN, "feature_view:v.1", Direction.UPSTREAM, 5)
    assert levels(found) == {"feature_view:v.1": 0, "feature_group:a.1": 1, "person:x": 1, "topic:a": 2}
    assert len(found.edges) == 3
    assert not found.more


def test_downstream_is_what_became_of_it() -> None:
    found = walked(CHAIN, "topic:a", Direction.DOWNSTREAM, 5)
    assert levels(found) == {"topic:a": 0, "feature_group:a.1": 1, "feature_view:v.1": 2}


def test_the_walk_stops_at_its_level_and_says_that_there_is_more() -> None:
    found = walked(CHAIN, "topic:a", Direction.DOWNSTREAM, 1)
    assert levels(found) == {"topic:a": 0, "feature_group:a.1": 1}
    assert found.more


def test_a_circle_is_walked_once() -> None:
    circle = [("topic:a", "topic:b"), ("topic:b", "topic:a")]
    found = walked(circle, "topic:a", Direction.DOWNSTREAM, 50)
    assert levels(found) == {"topic:a": 0, "topic:b": 1}
    assert len(found.edges) == 2


def test_nothing_is_said_of_what_lies_behind_a_node_of_another_project() -> None:
    pairs = [("topic:secret", "rival/feature_group:g.1"), ("rival/feature_group:g.1", "feature_view:v.1")]
    found = walked(pairs, "feature_view:v.1", Direction.UPSTREAM, 50)
    assert levels(found) == {"feature_view:v.1": 0, "rival/feature_group:g.1": 1}
    assert not found.more


def test_a_graph_too_large_to_show_is_cut_and_says_so() -> None:
    pairs = [(f"topic:{number}", "project:p") for number in range(graph.MOST_NODES + 10)]
    found = walked(pairs, "project:p", Direction.UPSTREAM, 5)
    assert len(found.levels) == graph.MOST_NODES
    assert found.more
    assert all(each.source in found.levels for each in found.edges)


NAMES = st.sampled_from([f"topic:{letter}" for letter in "abcdefg"])


@given(st.sets(st.tuples(NAMES, NAMES)), NAMES)
def test_what_is_met_upstream_meets_the_start_downstream(pairs: set[tuple[str, str]], start: str) -> None:
    for far in walked(pairs, start, Direction.UPSTREAM, 10).levels:
        back = walked(pairs, str(far), Direction.DOWNSTREAM, 10)
        assert Node.parse(start) in back.levels


@given(st.sets(st.tuples(NAMES, NAMES)), NAMES)
def test_levels_are_shortest_distances(pairs: set[tuple[str, str]], start: str) -> None:
    found = walked(pairs, start, Direction.DOWNSTREAM, 10)
    for each in found.edges:
        assert found.levels[each.target] <= found.levels[each.source] + 1
