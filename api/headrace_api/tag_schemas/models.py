"""What is sent about tags that are to be."""

from typing import Any

from pydantic import Field

from headrace_api.body import Body, Name


class NewTagSchema(Body):
    """A tag to be, for the whole platform."""

    name: Name = Field(examples=["owner"])
    json_schema: dict[str, Any] = Field(
        description="JSON Schema, draft 2020-12, without references and regular expressions",
        examples=[{"type": "object", "properties": {"team": {"type": "string"}}, "required": ["team"]}],
    )
