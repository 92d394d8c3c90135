"""What kind of answer a route gives whose success is no JSON, said in the document."""

from typing import Any


def of_kind(media_type: str) -> dict[int | str, dict[str, Any]]:
    """The document's entry for success: bytes of that media type."""
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}
