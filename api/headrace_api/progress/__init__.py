"""Routes about how far the stores of a feature group are, and what they hold."""
