"""Stream to stream: commands become events, wishes become topics, rows become training data."""
