"""Routes about projects."""
