"""The command processor: the only writer of metadata events."""
