"""Routes about the authorities that sign certificates."""
