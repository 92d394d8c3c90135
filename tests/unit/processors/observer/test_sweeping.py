"""Which observations are taken back."""

import json

from headrace_broker.record import Record
from headrace_processors.observer.sweeping import tombstones


def observed(project: str, inference_id: str, value: bytes | None = b"v") -> Record:
    key = json.dumps({"project": project, "kind": "outcome", "inference_id": inference_id}).encode()
    return Record(topic="o", topic_id="O", partition=0, offset=0, key=key, value=value, headers={}, timestamp=0)


def test_observations_of_closed_projects_are_taken_back_and_no_others() -> None:
    there = [observed("flights", "a"), observed("shop", "a"), observed("flights", "b", None), observed("flights2", "c")]
    (gone,) = tombstones(there, {"flights"})
    assert (gone.key, gone.value) == (there[0].key, None)
