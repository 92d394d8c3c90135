"""The search server as we use it: versioned indexes behind aliases, bulks checked item by item, whole scans."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as ServerUnreachable
from opensearchpy.exceptions import NotFoundError, TransportError

from headrace_projections.search.errors import NoIndex, Rejected, Unreachable

LONGEST_ID = 512
"""Bytes of a document's id that a bulk request takes."""
BULK_BYTES = 4 * 2**20
SCAN = 2_000
_TOO_BUSY = {429, 502, 503, 504}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A whole document for an index. A stored one of the same or a higher version stays as it is."""

    id: str
    version: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """What a search found: how many in all, and this page of them, as the server said it."""

    total: int
    hits: Sequence[Mapping[str, Any]]


def identifier(text: str) -> str:
    """The text as a document's id: itself, or its hash where it is too long."""
    encoded = text.encode()
    return text if len(encoded) <= LONGEST_ID else f"sha256:{hashlib.sha256(encoded).hexdigest()}"


class Engine:
    """One search server. Every call blocks until it answered; raises Unreachable, Rejected, NoIndex."""

    def __init__(self, url: str, token: str, *, seconds: float = 30.0) -> None:
        self._client = OpenSearch(
            url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=seconds,
            max_retries=0,
            http_compress=False,
            pool_maxsize=16,
        )

    def target(self, alias: str) -> str | None:
        """The index behind an alias."""
        try:
            with _translated():
                found = self._client.indices.get_alias(name=alias)
        except NoIndex:
            return None
        (index,) = found
        return str(index)

    def indexes(self, prefix: str) -> list[str]:
        """The indexes whose names start so."""
        with _translated():
            return sorted(self._client.indices.get(index=f"{prefix}*", expand_wildcards="all"))

    def uuid(self, index: str) -> str:
        """What tells an index from another one made later under its name."""
        with _translated():
            found = self._client.indices.get_settings(index=index)
        (settings,) = found.values()
        return str(settings["settings"]["index"]["uuid"])

    def make(self, index: str, body: Mapping[str, Any]) -> None:
        """Make an index with these settings and mappings."""
        with _translated():
            self._client.indices.create(index=index, body=dict(body))

    def point(self, alias: str, index: str) -> None:
        """Let the alias name this index and no other, in one step."""
        actions: list[dict[str, Any]] = [{"remove": {"index": "*", "alias": alias, "must_exist": False}}]
        actions.append({"add": {"index": index, "alias": alias}})
        with _translated():
            self._client.indices.update_aliases(body={"actions": actions})

    def drop(self, index: str) -> None:
        """Delete an index; nothing happens where there is none."""
        with _translated():
            self._client.indices.delete(index=index, ignore_unavailable=True)

    def refresh(self, index: str) -> None:
        """Let searches see everything written so far."""
        with _translated():
            self._client.indices.refresh(index=index)

    def write(self, index: str, entries: Iterable[Entry], *, visible: bool = False) -> int:
        """Write documents; return how many changed something. With `visible`, searches see them on return."""
        changed = 0
        for lines in _chunks(entries):
            with _translated():
                answer = self._client.bulk(index=index, body=lines, refresh="true" if visible else "false")
            changed += _checked(answer["items"])
        return changed

    def delete(self, index: str, ids: Iterable[str]) -> None:
        """Delete documents, where they are there; searches see it on return."""
        lines = "".join(f"{json.dumps({'delete': {'_id': one}})}\n" for one in ids)
        if not lines:
            return
        with _translated():
            answer = self._client.bulk(index=index, body=lines, refresh="true")
        _checked([{"index": item["delete"]} for item in answer["items"] if item["delete"]["status"] != 404])

    def forget(self, index: str, project: str) -> None:
        """Delete every document of a project; searches see it on return."""
        body = {"query": {"term": {"project": project}}}
        with _translated():
            self._client.indices.refresh(index=index)
            answer = self._client.delete_by_query(index=index, body=body, refresh=True, conflicts="proceed")
        if answer["failures"] or answer["version_conflicts"]:
            raise Unreachable(f"documents of {project} could not all be deleted: {answer}")

    def search(self, index: str, body: Mapping[str, Any]) -> Hits:
        """Run a query."""
        with _translated():
            answer = self._client.search(index=index, body=dict(body))
        return Hits(total=answer["hits"]["total"]["value"], hits=answer["hits"]["hits"])

    def scan(self, index: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every document of an index as it was when the scan began: id and body, in no order."""
        with _translated():
            answer = self._client.search(index=index, scroll="2m", size=SCAN, body={"sort": ["_doc"]})
        try:
            while answer["hits"]["hits"]:
                for hit in answer["hits"]["hits"]:
                    yield hit["_id"], hit["_source"]
                with _translated():
                    answer = self._client.scroll(body={"scroll_id": answer["_scroll_id"], "scroll": "2m"})
        finally:
            with _translated():
                self._client.clear_scroll(body={"scroll_id": [answer["_scroll_id"]]})

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ServerUnreachable as error:
        raise Unreachable(f"the search server does not answer: {error.error}") from error
    except NotFoundError as error:
        raise NoIndex(str(error)) from error
    except TransportError as error:
        if error.status_code in _TOO_BUSY:
            raise Unreachable(f"the search server is too busy: {error}") from error
        raise Rejected(str(error)) from error


def _chunks(entries: Iterable[Entry]) -> Iterator[str]:
    lines: list[str] = []
    size = 0
    for entry in entries:
        action = {"index": {"_id": entry.id, "version": entry.version, "version_type": "external"}}
        pair = f"{json.dumps(action)}\n{json.dumps(entry.body)}\n"
        if lines and size + len(pair) > BULK_BYTES:
            yield "".join(lines)
            lines, size = [], 0
        lines.append(pair)
        size += len(pair)
    if lines:
        yield "".join(lines)


def _checked(items: Sequence[Mapping[str, Any]]) -> int:
    """How many items changed something; 409 says that what is stored is the same or newer."""
    changed = 0
    for item in items:
        done = item["index"]
        if done["status"] in _TOO_BUSY:
            raise Unreachable(f"the search server could not take {done['_id']} now: {done.get('error')}")
        if done["status"] not in {200, 201, 409}:
            raise Rejected(f"document {done['_id']} was refused: {done.get('error')}")
        changed += done["status"] != 409
    return changed
