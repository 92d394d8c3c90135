"""Routes about who uses which feature."""
