"""Routes about what members say of feature groups and views."""
