"""What is answered about reaching Kafka, and about a whole environment."""

from pydantic import BaseModel, Field

from headrace_api.body import Body, Name
from headrace_api.keys.models import IssuedKey


class KafkaAddress(BaseModel):
    """What a client of the project needs to know besides its own certificate."""

    bootstrap: str = Field(description="`host:port,…`, mTLS only")
    group_prefix: str = Field(description="consumer groups and transactional ids begin with this")
    ca_chain: str = Field(description="PEM; host names are verified")


class NewEnvironment(Body):
    """For whom, and for how long."""

    user: Name | None = Field(default=None, description="for whom; for administrators the owner if not given")
    expires: int = Field(description="microseconds UTC, within a week")


class Environment(IssuedKey):
    """All that a job needs but for the certificate, which its client asks for."""

    api: str
    bootstrap: str
    group_prefix: str
    ca_chain: str
    registry: str
    serving: str
