"""Routes about transformation functions."""
