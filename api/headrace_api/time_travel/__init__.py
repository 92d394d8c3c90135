"""Routes that read a feature group as it was, and what changed in it."""
