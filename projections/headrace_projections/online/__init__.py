"""Online features: the last row of every key of every online group, in Postgres."""
