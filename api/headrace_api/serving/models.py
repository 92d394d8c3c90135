"""What is answered about serving."""

from pydantic import BaseModel, Field


class ServingAddress(BaseModel):
    """Where predictions are asked for."""

    url: str = Field(description="`{url}/v2/…` and `{url}/v1/models/{deployment}:predict`, with the same API key")
