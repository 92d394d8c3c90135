"""Routes about studies."""
