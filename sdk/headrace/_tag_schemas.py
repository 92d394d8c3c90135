"""Which tags there are on the platform, and what their values look like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from headrace._http import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSchema:
    """A tag that may be put on things; values fit the JSON Schema."""

    name: str
    json_schema: Mapping[str, Any]


class TagSchemasApi:
    """The tags of the whole platform; administrators make them, everybody uses them."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create(self, name: str, json_schema: Mapping[str, Any]) -> TagSchema:
        """Let there be tags of that name, whose values fit the schema; it never changes. For administrators.

        Raises:
            Invalid: it is no JSON Schema, or has references or regular expressions, or is too large.
            Conflict: there are tags of that name.
        """
        self._api.post("/api/tag-schemas", {"name": name, "json_schema": dict(json_schema)})
        return self.get(name)

    def get(self, name: str) -> TagSchema:
        """The tag of that name; raises NotFound."""
        return _schema(self._api.get(f"/api/tag-schemas/{quote(name, safe='')}"))

    def get_all(self) -> list[TagSchema]:
        """All tags that there are, by name."""
        return [_schema(row) for row in self._api.get("/api/tag-schemas")]


def _schema(row: Mapping[str, Any]) -> TagSchema:
    return TagSchema(name=row["name"], json_schema=json.loads(row["schema"]))
