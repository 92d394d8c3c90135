"""Routes about feature views."""
