"""HTTP: parse, authenticate, send a command or ask a query."""
