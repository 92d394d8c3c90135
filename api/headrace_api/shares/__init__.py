"""Routes about what projects let one another read."""
