"""The schema registry of a project: subjects, versions, and what a new version owes to the earlier ones."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from headrace._errors import NotFound
from headrace._http import Api
from headrace._kafka import KafkaSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaReference:
    """What a schema calls `name` is a version of a subject."""

    name: str
    subject: str
    version: int


class SchemaRegistry:
    """Registers, compares, lists and deletes schemas. Any client of Confluent's registry may be used instead.

    A schema is Avro, as JSON text or as what that text stands for.
    """

    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._path = f"/api/projects/{project}/registry"

    @property
    def url(self) -> str:
        """What to give other clients, with any user name and an API key as password."""
        return self._api.url + self._path

    def register(
        self, subject: str, schema: str | Mapping[str, Any], references: Sequence[SchemaReference] = ()
    ) -> int:
        """The schema's id; it is the subject's newest version, unless the subject has it already.

        Raises Conflict where it is not compatible, Invalid where it is no schema, HeadraceError.
        """
        body = _body(schema, references)
        return int(self._api.change("POST", f"{self._path}/subjects/{_quoted(subject)}/versions", body)["id"])

    def check(
        self, subject: str, schema: str | Mapping[str, Any], references: Sequence[SchemaReference] = ()
    ) -> list[str]:
        """Why the schema may not follow the versions of the subject; empty where it may."""
        path = f"{self._path}/compatibility/subjects/{_quoted(subject)}/versions?verbose=true"
        reasons: list[str] = self._api.ask(path, _body(schema, references))["messages"]
        return reasons

    def get_subjects(self, prefix: str = "") -> list[str]:
        """The subjects whose names begin like that."""
        names: list[str] = self._api.get(f"{self._path}/subjects", subjectPrefix=prefix)
        return names

    def get_versions(self, subject: str) -> list[int]:
        """The numbers of the subject's versions; raises NotFound."""
        numbers: list[int] = self._api.get(f"{self._path}/subjects/{_quoted(subject)}/versions")
        return numbers

    def get_schema(self, subject: str, version: int | None = None) -> KafkaSchema:
        """One version of a subject, the newest if none is given; raises NotFound."""
        chosen = "latest" if version is None else version
        row = self._api.get(f"{self._path}/subjects/{_quoted(subject)}/versions/{chosen}")
        return KafkaSchema(id=row["id"], subject=row["subject"], version=row["version"], schema=row["schema"])

    def get_compatibility(self, subject: str | None = None) -> str:
        """The level that holds for the subject, or where a subject does not say another."""
        path = f"{self._path}/config" if subject is None else f"{self._path}/config/{_quoted(subject)}"
        return str(self._api.get(path, defaultToGlobal="true")["compatibilityLevel"])

    def set_compatibility(self, level: str, subject: str | None = None) -> None:
        """Say what new versions owe to earlier ones, as in `FULL_TRANSITIVE`; for Data Owners."""
        path = f"{self._path}/config" if subject is None else f"{self._path}/config/{_quoted(subject)}"
        self._api.change("PUT", path, {"compatibility": level})

    def delete(self, subject: str, version: int | None = None, *, permanent: bool = False) -> list[int]:
        """Hide a version, or the whole subject; the numbers of what was hidden.

        With `permanent`, what is hidden is forgotten too: it must not be needed to read any record. For Data Owners.
        """
        path = f"{self._path}/subjects/{_quoted(subject)}"
        if version is not None:
            path += f"/versions/{version}"
        gone = self._hidden(path, again=permanent)
        if permanent:
            gone = self._api.change("DELETE", f"{path}?permanent=true", None)
        return [gone] if isinstance(gone, int) else list(gone)

    def _hidden(self, path: str, *, again: bool) -> Any:
        try:
            return self._api.change("DELETE", path, None)
        except NotFound as error:
            if again and error.code in {"40404", "40406"}:
                return []
            raise


def _body(schema: str | Mapping[str, Any], references: Sequence[SchemaReference]) -> dict[str, Any]:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    referred = [{"name": one.name, "subject": one.subject, "version": one.version} for one in references]
    return {"schema": text, "references": referred}


def _quoted(subject: str) -> str:
    return quote(subject, safe="")
