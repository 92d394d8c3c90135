"""Routes about what monitors see."""
