"""Routes about training datasets."""
