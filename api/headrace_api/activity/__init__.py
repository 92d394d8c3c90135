"""Routes about activity."""
