"""What can be said about a stack from outside, by environment or by argument."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from headrace_compose.sign_on import SignOnSettings


class StackSettings(BaseSettings):
    """Settings of a stack, each also an environment variable with the prefix `HEADRACE_`.

    A `*_external` address names a server that runs elsewhere: it is probed, never started. A port that is not given is
    a free one, and stays the same over restarts as long as it is free.
    """

    model_config = SettingsConfigDict(env_prefix="HEADRACE_", extra="ignore", frozen=True)

    home: Path = Field(default=Path(".headrace"), description="where all state of this stack lives")
    cache: Path = Field(default=Path(".cache/headrace"), description="where downloaded servers are kept, for all homes")
    listen_host: str = Field(default="127.0.0.1", description="the address that Kafka and the API listen on")
    storage: str | None = Field(
        default=None, description="artifact store as an fsspec URL; a folder of the home if unset"
    )

    kafka_port: int | None = Field(default=None, ge=1, le=65535)
    postgres_port: int | None = Field(default=None, ge=1, le=65535)
    opensearch_port: int | None = Field(default=None, ge=1, le=65535)
    api_port: int | None = Field(default=None, ge=1, le=65535)

    kafka_external: str | None = Field(
        default=None, description="host:port of a broker that trusts this home's authority"
    )
    postgres_external: SecretStr | None = Field(default=None, description="DSN of a database")
    opensearch_external: str | None = Field(default=None, description="URL of a search server")

    kafka_heap: str = Field(default="512m", description="Java heap of the broker")
    opensearch_heap: str = Field(default="512m", description="Java heap of the search server")
    ray_gpus: int | None = Field(
        default=None, ge=0, description="how many GPUs Ray hands out to trials; those it finds if unset"
    )
    offline_seconds: float = Field(
        default=5.0, gt=0, description="how long rows wait at most for their commit to the offline store"
    )
    sign_on: SignOnSettings = Field(default_factory=SignOnSettings, description="where people sign in elsewhere")
    free_space: int = Field(default=2 * 2**30, ge=0, description="bytes that must be free to start")
