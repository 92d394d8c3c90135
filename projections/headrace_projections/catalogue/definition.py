"""What the catalogue is: its name, its tables, and what each event changes in them."""

from headrace_projections.catalogue.apply import apply
from headrace_projections.catalogue.tables import TABLES

__all__ = ["TABLES", "apply"]
