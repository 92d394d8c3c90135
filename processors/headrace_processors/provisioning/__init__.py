"""Provisioning: makes topics, access rules and certificates out of what the events ask for."""
