"""Routes about what is counted of feature groups."""
