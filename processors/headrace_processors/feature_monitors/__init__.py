"""Runs of feature monitors: windows are read, compared, and what came of it is said by command."""
