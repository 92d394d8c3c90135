"""What a trial that reads topics works with."""

from __future__ import annotations

import io
import json
import struct

import fastavro
import pytest

from headrace import Invalid, NotFound, TrialProject
from headrace._reporter import check
from headrace._schemas import GivenSchemas

PAGE = {"type": "record", "name": "Page", "fields": [{"name": "path", "type": "string"}]}


def framed(schema_id: int) -> bytes:
    out = io.BytesIO()
    out.write(struct.pack(">bI", 0, schema_id))
    fastavro.schemaless_writer(out, PAGE, {"path": "/"})
    return out.getvalue()


def test_records_are_decoded_by_the_schemas_that_came_along() -> None:
    schemas = GivenSchemas({10_000: json.dumps(PAGE)})
    assert schemas.decode(framed(10_000)) == {"path": "/"}
    with pytest.raises(NotFound, match="schema 10001 was not there when the trial's rung began"):
        schemas.decode(framed(10_001))


def test_a_consumer_is_in_a_group_of_the_worker_and_knows_no_other_place() -> None:
    project = TrialProject("flights", {"bootstrap.servers": "localhost:1"}, "flights.bob.w1.", {})
    assert project.topic_name("clicks") == "flights.topics.clicks"
    project.consumer("clicks", session_timeout_ms=10_000).close()
    assert project._settings("mine", {"auto_offset_reset": "latest"}) == {
        "bootstrap.servers": "localhost:1",
        "client.id": "flights__trial",
        "group.id": "flights.bob.w1.mine",
        "isolation.level": "read_committed",
        "auto.offset.reset": "latest",
    }
    assert repr(project) == "TrialProject('flights')"


def test_a_function_names_the_project_where_the_study_reads_topics_and_is_told_so_where_not() -> None:
    check(lambda project: 1.0, reads_topics=True)
    with pytest.raises(Invalid, match="reads_topics=True"):
        check(lambda project: 1.0)
