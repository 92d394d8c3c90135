"""The tree that a graph is printed as."""

from __future__ import annotations

from datetime import UTC, datetime

from headrace._lineage import Direction, Lineage, LineageEdge, LineageNode


def node(id_: str, level: int = 0, **more: object) -> LineageNode:
    kind, _, name = id_.partition(":")
    given = {
        "name": name,
        "standing": "accessible",
        "description": "",
        "state": None,
        "metrics": {},
        "text": (),
        **more,
    }
    return LineageNode(id=id_, kind=kind, level=level, **given)  # type: ignore[arg-type] # a test's shorthand


def edge(source: str, kind: str, target: str) -> LineageEdge:
    return LineageEdge(
        source=source,
        target=target,
        kind=kind,
        since_seq=1,
        since=datetime(2013, 7, 1, tzinfo=UTC),
        until_seq=None,
        until=None,
        actor="user:ada",
    )


def graph(start: str, direction: Direction, nodes: list[LineageNode], edges: list[LineageEdge]) -> Lineage:
    return Lineage(start=start, direction=direction, nodes=tuple(nodes), edges=tuple(edges), more=False)


def test_what_two_things_came_from_is_unfolded_once() -> None:
    found = graph(
        "model_version:m.1",
        "upstream",
        [
            node("model_version:m.1", metrics={"auc": 0.75}),
            node("training_dataset:v.1.1", 1),
            node("trial:s.0", 1, name="search trial 0", text=("rate=0.1",)),
            node("study:s", 2, name="search"),
            node("feature_view:v.1", 2),
            node("person:bob", 1),
        ],
        [
            edge("trial:s.0", "produced", "model_version:m.1"),
            edge("training_dataset:v.1.1", "trained", "model_version:m.1"),
            edge("study:s", "started", "trial:s.0"),
            edge("training_dataset:v.1.1", "trained", "study:s"),
            edge("feature_view:v.1", "materialised_as", "training_dataset:v.1.1"),
            edge("person:bob", "created", "feature_view:v.1"),
        ],
    )
    assert found.tree() == "\n".join(
        (
            "model version m.1 (auc 0.75)",
            "├─ trained: training dataset v.1.1",
            "│  └─ materialised as: feature view v.1, by bob",
            "└─ produced: trial search trial 0 (rate=0.1)",
            "   └─ started: study search",
            "      └─ trained: training dataset v.1.1 (see above)",
        )
    )
    assert found.people == ("bob",)


def test_a_circle_ends() -> None:
    nodes = [node("topic:a"), node("topic:b", 1)]
    found = graph("topic:a", "downstream", nodes, [edge("topic:a", "x", "topic:b"), edge("topic:b", "x", "topic:a")])
    assert found.tree().splitlines() == ["topic a", "└─ x: topic b", "   └─ x: topic a (see above)"]


def test_what_is_gone_or_hidden_is_said_to_be() -> None:
    nodes = [node("model_version:m.1"), node("deployment:d", 1, standing="deleted", state="deleted")]
    found = graph("model_version:m.1", "downstream", nodes, [edge("model_version:m.1", "deployed_as", "deployment:d")])
    assert found.tree().splitlines()[1] == "└─ deployed as: deployment d (deleted)"


def test_rich_shows_the_same_text() -> None:
    found = graph("topic:a", "upstream", [node("topic:a")], [])
    assert found.__rich__().plain == "topic a\n"
