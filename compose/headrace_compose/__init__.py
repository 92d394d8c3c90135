"""The stack on one machine: real servers as child processes of a process manager."""
