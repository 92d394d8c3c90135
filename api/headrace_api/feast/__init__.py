"""Online features in the shape that Feast's clients ask for and read."""
