"""Routes about vectors of feature views that are kept ready."""
