"""What the catalogue is: its name, its tables, and what each event changes in them."""

from pathlib import Path

from headrace_projections.catalogue.apply import apply
from headrace_projections.tables import Tables

TABLES = Tables("catalogue", (Path(__file__).parent / "tables.sql").read_text())

__all__ = ["TABLES", "apply"]
