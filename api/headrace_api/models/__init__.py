"""Routes about models."""
