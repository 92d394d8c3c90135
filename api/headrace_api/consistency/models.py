"""How the stores of a group are to be compared."""

from pydantic import Field

from headrace_api.body import Body


class Comparing(Body):
    """How long the comparison may wait before it begins."""

    seconds: int = Field(
        default=120, ge=0, le=600, description="how long the offline store gets to come as far as the online one"
    )
