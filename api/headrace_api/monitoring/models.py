"""What is answered about what monitors see."""

from pydantic import BaseModel, Field

from headrace_projections.monitoring.queries import FeatureRow, ReferenceRow, WindowRow


class Windows(BaseModel):
    """A deployment's windows, the earliest first, as far as they are known: late outcomes revise them."""

    reference: ReferenceRow | None = Field(description="what the windows are compared with; null before it is known")
    windows: list[WindowRow] = Field(description="each window as a whole: counts, latency, quality")
    features: list[FeatureRow] = Field(description="each value in each window: bins, missing values, PSI")
    unmatched_outcomes: int = Field(description="outcomes of the project that have no prediction yet")
