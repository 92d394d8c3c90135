"""Routes that read online features by key."""
