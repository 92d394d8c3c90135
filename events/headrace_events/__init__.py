"""The language of Headrace: ids, commands, events, and the pure decisions between them."""
