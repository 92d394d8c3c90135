"""Routes about which tags there are."""
