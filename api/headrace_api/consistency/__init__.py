"""Routes that compare the stores of a feature group."""
