"""Routes that read features as they were."""
