"""What happens inside a replica: a stored archive becomes a model that predicts one number a row."""
