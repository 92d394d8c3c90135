"""Routes about sessions: signing in and out."""
