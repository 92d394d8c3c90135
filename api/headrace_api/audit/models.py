"""The audit trail as it is shown."""

from typing import Literal

from pydantic import BaseModel, Field

from headrace_projections.audit.queries import ActRow

Accepted = Literal["accepted", "refused"]


class AuditPage(BaseModel):
    """Lines of the trail, the last first."""

    acts: list[ActRow]
    next: int | None = Field(description="give it as `cursor` to read what was before; none at the beginning")
