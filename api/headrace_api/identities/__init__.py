"""Routes about identities at providers and in directories: whose they are, and who is let in with them."""
