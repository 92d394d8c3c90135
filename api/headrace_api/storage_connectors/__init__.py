"""Routes about where external databases are, and what opens them."""
