"""Whether a log holds the schemas that clients of a registry were told of: every way in which it does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from tests.integration.faults.history import History

from headrace_bench.registering import Version


def contradictions(told: Mapping[Version, int], history: History, project: str) -> list[str]:
    """A schema has one id and an id one schema, and the log says the same of each version, numbered 1 to n."""
    return [*_ambiguous(told), *_differing(told, history, project)]


def _ambiguous(told: Mapping[Version, int]) -> Iterator[str]:
    ids, schemas = defaultdict[str, set[int]](set), defaultdict[int, set[str]](set)
    for version, schema_id in told.items():
        ids[version.schema].add(schema_id)
        schemas[schema_id].add(version.schema)
    yield from (f"{schema} has the ids {found}" for schema, found in ids.items() if len(found) != 1)
    yield from (f"id {schema_id} is of {found}" for schema_id, found in schemas.items() if len(found) != 1)


def _differing(told: Mapping[Version, int], history: History, project: str) -> Iterator[str]:
    schemas: dict[int, str] = {}
    for event in history.topics["headrace.platform"]:
        if event.type == "schema.registered":
            schema_id = event.body["schema_id"]
            if schema_id in schemas:
                yield f"id {schema_id} was given out again"
            schemas[schema_id] = event.body["schema"]
    numbers, written = Counter[str](), dict[Version, int]()
    for event in history.topics[f"{project}.events"]:
        if event.type == "subject.version_registered":
            subject, schema_id = event.body["subject"], event.body["schema_id"]
            numbers[subject] += 1
            if event.body["version"] != numbers[subject]:
                yield f"version {event.body['version']} of {subject} where {numbers[subject]} was due"
            version = Version(subject=subject, schema=schemas.get(schema_id, "unknown"))
            if version in written:
                yield f"{version} was registered again"
            written[version] = schema_id
    for version in told.keys() | written.keys():
        if told.get(version) != written.get(version):
            yield f"{version} was acknowledged as {told.get(version)}; on the log it is {written.get(version)}"
