"""Reading the offline history of feature groups: as of event time, as of positions in the log."""
