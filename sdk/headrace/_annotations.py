"""What members say about a version of a feature group or view: descriptions, keywords, tags, deprecation."""

from __future__ import annotations

import json
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote

from headrace._errors import NotFound
from headrace._http import Api


class Annotations(ABC):
    """Everything that is said about a thing; it changes nothing of what the thing is."""

    _api: Api

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where the API has the version."""

    @abstractmethod
    def _refresh(self) -> Mapping[str, Any]:
        """What the API says of it now, which is kept."""

    def update_description(self, description: str) -> Self:
        """Say what it is, in place of what was said before."""
        self._api.put(f"{self._path}/description", {"description": description})
        self._refresh()
        return self

    def update_deprecated(self, deprecate: bool = True) -> Self:
        """Say whether it is to be used no more: whoever gets it is warned. For Data Owners."""
        self._api.put(f"{self._path}/deprecated", {"deprecated": deprecate})
        self._refresh()
        return self

    @property
    def deprecated(self) -> bool:
        """Whether it was to be used no more when it was last read."""
        return bool(self._said["deprecated"])

    def get_keywords(self) -> list[str]:
        """The words under which it is found, in alphabetical order."""
        return list(self._refresh()["keywords"])

    def set_keywords(self, keywords: Sequence[str]) -> Self:
        """Let it have these keywords and no others."""
        self._api.put(f"{self._path}/keywords", {"keywords": list(keywords)})
        return self

    def add_keywords(self, keywords: Sequence[str]) -> Self:
        """Let it have these keywords too."""
        self._api.post(f"{self._path}/keywords", {"keywords": list(keywords)})
        return self

    def delete_keyword(self, keyword: str) -> Self:
        """Take a keyword away; raises NotFound."""
        self._api.delete(f"{self._path}/keywords/{quote(keyword, safe='')}")
        return self

    def add_tag(self, name: str, value: Any) -> Self:
        """Put a tag on it, or another value in its place.

        Raises:
            NotFound: there is no tag of that name; an administrator makes it (TagSchemasApi.create).
            Invalid: the value does not fit the tag's schema; the message says where.
        """
        self._api.put(f"{self._path}/tags/{quote(name, safe='')}", {"value": value})
        return self

    def get_tags(self) -> dict[str, Any]:
        """Its tags: the name and value of each."""
        return {row["tag"]: json.loads(row["value"]) for row in self._api.get(f"{self._path}/tags")}

    def get_tag(self, name: str) -> Any:
        """The value of a tag; raises NotFound."""
        tags = self.get_tags()
        if name not in tags:
            raise NotFound(f"there is no tag {name!r} on {self!r}", code="tag-not-found")
        return tags[name]

    def delete_tag(self, name: str) -> Self:
        """Take a tag away; raises NotFound."""
        self._api.delete(f"{self._path}/tags/{quote(name, safe='')}")
        return self

    @property
    @abstractmethod
    def _said(self) -> Mapping[str, Any]:
        """What the API said of it last."""


def warn_if_deprecated(what: str, row: Mapping[str, Any]) -> None:
    """Warn whoever gets what is to be used no more."""
    if row.get("deprecated"):
        text = f"{what} {row['name']!r} version {row['version']} is deprecated: see its description, or a newer version"
        warnings.warn(text, FutureWarning, stacklevel=3)
