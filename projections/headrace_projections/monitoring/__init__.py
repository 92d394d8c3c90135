"""Windows over predictions: what they hold, the formulas over them, their tables, and the queries."""
