"""The study driver: trials of a user's training function on Ray, every decision read back from the log."""
