"""Routes about certificates."""
