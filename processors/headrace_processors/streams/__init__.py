"""Streaming feature groups: their sources' rows become readings for Flink, and its aggregates become their rows."""
