"""Routes about quotas, and how much of them is in use."""
