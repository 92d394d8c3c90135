"""A year of flights: the story that shows the whole platform."""
