"""What Headrace does in how much time, beside the floor under it, measured in the same run."""
