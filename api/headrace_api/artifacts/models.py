"""What is answered about artifacts."""

from pydantic import BaseModel, Field


class StoredArtifact(BaseModel):
    """A file that is stored."""

    sha256: str
    size: int = Field(description="bytes")
    address: str = Field(description="where it is read", examples=["artifacts/<sha256>"])
