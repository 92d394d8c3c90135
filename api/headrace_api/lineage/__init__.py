"""Routes about lineage."""
