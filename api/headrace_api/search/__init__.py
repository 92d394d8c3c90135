"""Routes about search."""
