"""Routes about streaming feature groups."""
