"""Feature rows as the log has them: which topics carry them, what they hold, and which do not fit."""
