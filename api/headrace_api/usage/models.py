"""What is sent about quotas."""

from pydantic import Field

from headrace_api.body import Body
from headrace_events.quota_setting import LARGEST


class NewLimit(Body):
    """How much a project may have."""

    limit: int = Field(ge=0, le=LARGEST, description="lower than what is in use takes nothing away")
