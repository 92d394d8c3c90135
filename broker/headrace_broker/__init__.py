"""The log: its topics, who may touch them, how it is written in transactions and read without a gap."""
