"""The contract: an Avro schema and an example for every command and event, and the codec that keeps to them."""
