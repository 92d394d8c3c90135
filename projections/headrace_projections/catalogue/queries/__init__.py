"""What can be asked of the catalogue; each function is one question, each answer a frozen value."""
