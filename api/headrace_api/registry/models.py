"""What clients of a schema registry send and get, by Confluent's REST API (application/vnd.schemaregistry.v1+json)."""

from collections.abc import Mapping
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"


class RegistryAnswer(JSONResponse):
    """An answer of the registry's media type."""

    media_type = MEDIA_TYPE


class PostedSchema(BaseModel):
    """A schema to look for. Clients send more than we need, which is let pass."""

    model_config = ConfigDict(extra="ignore")

    schema_text: str = Field(alias="schema", max_length=1 << 20)
    schema_type: str = Field(alias="schemaType", default="AVRO")


class RegistryProblem(BaseModel):
    """The body of an error."""

    error_code: int = Field(examples=[40401])
    message: str


class RegistryError(Exception):
    """An error in Confluent's form; the first three digits of the code are the HTTP status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def body(self) -> Mapping[str, Any]:
        """`{error_code, message}`."""
        return {"error_code": self.code, "message": self.message}

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.code // 100 if self.code > 999 else self.code


def subject_missing(subject: str) -> RegistryError:
    """No such subject."""
    return RegistryError(40401, f"Subject '{subject}' not found.")


def version_missing(version: str) -> RegistryError:
    """No such version."""
    return RegistryError(40402, f"Version {version} not found.")


def schema_missing(what: str) -> RegistryError:
    """No such schema."""
    return RegistryError(40403, f"Schema {what} not found.")
