"""Routes about feature groups that are queries on other databases."""
