"""What clients of a schema registry send and get, by Confluent's REST API (application/vnd.schemaregistry.v1+json)."""

from typing import Annotated, Any

from fastapi import Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from headrace_api.body import Kept

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
MOST_LISTED = 20_000
"""How many names or numbers one answer holds."""

MOST_SCHEMAS = 1_000
"""How many schemas one answer holds."""

MOST_TEXT = 8 << 20
"""How many bytes of schemas one answer holds, unless the first has more."""


class RegistryAnswer(JSONResponse):
    """An answer of the registry's media type."""

    media_type = MEDIA_TYPE


class Sent(BaseModel):
    """What a client sends. Clients send more than we need, which is let pass."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class SentReference(Sent):
    """What the schema calls `name` is a version (-1: the newest) of a subject."""

    name: Kept = Field(max_length=1000)
    subject: Kept = Field(max_length=255)
    version: int = Field(ge=-1, le=2**31 - 1)


class PostedSchema(Sent):
    """A schema to register, to look for, or to compare."""

    schema_text: str = Field(alias="schema", max_length=1 << 20)
    schema_type: str | None = Field(alias="schemaType", default=None, max_length=100)
    references: list[SentReference] | None = None
    version: int | None = Field(default=None, ge=-1, le=2**31 - 1, description="must be the next one, where given")
    id: int | None = Field(default=None, ge=-1, le=2**31 - 1, description="ids are given out here: -1 or none")
    metadata: dict[str, Any] | None = None
    rule_set: dict[str, Any] | None = Field(alias="ruleSet", default=None)


class PostedLevel(Sent):
    """A compatibility level."""

    compatibility: str | None = Field(default=None, max_length=100, examples=["FULL_TRANSITIVE"])


class PostedMode(Sent):
    """A mode."""

    mode: str | None = Field(default=None, max_length=100, examples=["READONLY"])


class Reference(BaseModel):
    """What a schema calls `name`."""

    name: str
    subject: str
    version: int


class SchemaId(BaseModel):
    """The id of a schema."""

    id: int


class SchemaText(BaseModel):
    """A schema by its id."""

    text: str = Field(alias="schema")
    references: list[Reference] | None = None
    max_id: int | None = Field(alias="maxId", default=None)


class Version(BaseModel):
    """A version of a subject."""

    subject: str
    version: int
    id: int
    text: str = Field(alias="schema")
    references: list[Reference] | None = None


class SubjectVersion(BaseModel):
    """Where a schema is used."""

    subject: str
    version: int


class Verdict(BaseModel):
    """Whether a schema may follow."""

    is_compatible: bool
    messages: list[str] | None = None


class Level(BaseModel):
    """The level that holds."""

    level: str = Field(alias="compatibilityLevel")


class LevelSet(BaseModel):
    """The level that was set."""

    compatibility: str


class ModeShown(BaseModel):
    """The mode that holds."""

    mode: str


class RegistryProblem(BaseModel):
    """The body of an error."""

    error_code: int = Field(examples=[40401])
    message: str


Flag = Annotated[bool, Query()]
OnlyFlag = Annotated[bool, Query(alias="deletedOnly")]
LatestFlag = Annotated[bool, Query(alias="latestOnly")]
GlobalFlag = Annotated[bool, Query(alias="defaultToGlobal")]
MaxIdFlag = Annotated[bool, Query(alias="fetchMaxId")]
Prefix = Annotated[str, Query(alias="subjectPrefix", max_length=255)]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=-1, le=2**31 - 1, description="at most; -1 for as many as one answer holds")]
SchemaIdPath = Annotated[int, Path(ge=0, le=2**31 - 1)]
SubjectPath = Annotated[str, Path(max_length=1000)]
VersionPath = Annotated[str, Path(max_length=100, description="a number, or `latest`")]
Ignored = Annotated[str | None, Query(max_length=1000, description="taken for the sake of clients that send it")]
Format = Annotated[str, Query(max_length=100, description="`resolved`: with what it refers to written out")]


def page(limit: int, most: int) -> int:
    """How many rows to ask for."""
    return most if limit < 0 else min(limit, most)
