"""Offline features: every row and delete of every offline group, in append-only Delta tables."""
