"""The tables of the catalogue."""

from pathlib import Path

from headrace_projections.tables import Tables

TABLES = Tables("catalogue", (Path(__file__).parent / "tables.sql").read_text())
