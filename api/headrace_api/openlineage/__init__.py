"""Lineage in the words of OpenLineage."""
