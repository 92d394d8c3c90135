"""The catalogue: all metadata as it is now, in Postgres, kept in step with the log."""
