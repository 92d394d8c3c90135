"""The story of `make demo` on a stack of its own, which ends with the last test of this folder."""
