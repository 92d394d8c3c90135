"""The schema registry, as clients of Confluent's expect it."""
