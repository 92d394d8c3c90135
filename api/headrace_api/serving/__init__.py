"""Routes about serving."""
