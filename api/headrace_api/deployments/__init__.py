"""Routes about deployments."""
