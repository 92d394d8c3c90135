"""Lineage: what went into what, from the log to the graph that people walk."""
