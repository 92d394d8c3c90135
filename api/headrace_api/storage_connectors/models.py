"""What is sent and answered about storage connectors."""

from typing import Annotated

from pydantic import BaseModel, Field

from headrace_api.body import Body, Name, Text
from headrace_events.connector_url import LONGEST

SecretText = Annotated[str, Field(max_length=10_000)]
SecretName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,62}$")]
Secrets = Annotated[dict[SecretName, SecretText], Field(max_length=20)]

_WHAT = "`password`, and settings of the URL that are secret too, by name; they are in no event and no log"


class NewStorageConnector(Body):
    """An external database, and what opens it."""

    name: Name = Field(examples=["warehouse"])
    url: Annotated[str, Field(max_length=LONGEST)] = Field(
        description="without password and secret settings", examples=["postgresql://reader@db.example.org:5432/sales"]
    )
    description: Text = ""
    secret: Secrets | None = Field(default=None, description=_WHAT)


class NewSecret(Body):
    """Another secret, in place of the one there is."""

    secret: Secrets | None = Field(description=f"{_WHAT}; null for none")


class ConnectorSecret(BaseModel):
    """Where a database is, and what opens it."""

    url: str
    secret: dict[str, str] = Field(description="`password`, and settings to add to the URL; empty where there is none")
