"""Routes about reaching Kafka as a member."""
