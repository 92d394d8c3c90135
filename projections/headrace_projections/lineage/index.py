"""The index of edges: one document for each, found from both of its ends."""

from typing import Any

from headrace_projections.lineage.edge import Edge, document_of
from headrace_projections.search.engine import Entry, identifier

ALIAS = "headrace-lineage"

_EXACT = {"type": "keyword"}
_NUMBER = {"type": "long"}

BODY: dict[str, Any] = {
    "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0, "auto_expand_replicas": "0-1"}},
    "mappings": {
        "dynamic": "strict",
        "properties": {
            "project": _EXACT,
            "source": _EXACT,
            "target": _EXACT,
            "kind": _EXACT,
            "since_seq": _NUMBER,
            "since": _NUMBER,
            "until_seq": _NUMBER,
            "until": _NUMBER,
            "actor": _EXACT,
            "position": _EXACT,
        },
    },
}


def entry(edge: Edge) -> Entry:
    """The edge as a document; its version is the sequence number of the event that said so last."""
    return Entry(id=identifier(document_of(edge.key)), version=edge.version, body=edge.as_record())
