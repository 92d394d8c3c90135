"""Lineage edges: from the events of every project to the derived topic."""
