"""What goes wrong while trials run, apart from the log itself.

StudiesError
├── BadFunction     the training function cannot be called as it is       the trial fails
└── WorkersGone     nothing runs trials any more                          the process ends and is started again
"""


class StudiesError(Exception):
    """Anything wrong with running trials."""


class BadFunction(StudiesError):
    """The training function, or what it returned, is not what the contract asks for."""


class WorkersGone(StudiesError):
    """The cluster that runs trials does not answer; trials that ran there have ended with it."""
