"""Routes about feature groups."""
