"""Routes about what feature groups expect of their rows."""
