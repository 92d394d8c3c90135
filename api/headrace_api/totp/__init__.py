"""Routes about one-time codes."""
