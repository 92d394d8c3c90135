"""Routes about artifacts."""
