"""The audit trail in Postgres: who did, tried or was refused what, when, from where, because of which command."""
