"""Whether both stores of a group say the same at a position of its topic, and where they do not."""
