"""Avro's rules: what is a schema, when two are the same, and which can read the data of which."""

from headrace_schemas.avro.rules import ApacheAvro

__all__ = ["ApacheAvro"]
