"""Version numbers in paths."""

from typing import Annotated

from fastapi import Path

Version = Annotated[int, Path(ge=1, le=2**31, description="a version number, from 1")]
