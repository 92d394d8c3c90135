"""Routes about feature monitors."""
