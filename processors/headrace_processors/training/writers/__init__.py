"""Training files in every format that is offered, each written batch by batch."""

from headrace_processors.training.writers.writing import write

__all__ = ["write"]
