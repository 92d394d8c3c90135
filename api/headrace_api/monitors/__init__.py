"""Routes about monitors."""
