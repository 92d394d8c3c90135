"""The audit trail: what this API saw is written, and all of it is read."""
