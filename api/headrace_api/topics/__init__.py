"""Routes about topics."""
