"""Routes about passwords."""
