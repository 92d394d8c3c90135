"""What can go wrong in a projection.

ProjectionError
├── Unavailable      the store does not answer                         retry, from the stored checkpoint
│   └── Superseded   another projector moved the checkpoint            read the checkpoint again, go on there
├── Unhandled        an event this version has no handler for          stop: upgrade the projection first
├── Unfounded        an event about something that was never made      stop: the log or a handler is wrong
├── OutOfDate        the tables were made by another version           stop: rebuild
├── AlreadyRebuilding  another rebuild of the projection is at work     tell the user
└── NoSuchMoment     the log has no event of that number               tell the user
"""


class ProjectionError(Exception):
    """Anything wrong in a projection."""


class Unavailable(ProjectionError):
    """The store does not answer; the same work may succeed later."""


class Superseded(Unavailable):
    """The checkpoint is not where this projector left it: its batch was rolled back."""

    def __init__(self, schema: str) -> None:
        super().__init__(f"another projector has moved the checkpoint of {schema}")
        self.schema = schema


class Unhandled(ProjectionError):
    """No handler takes this event."""

    def __init__(self, projection: str, wire: str) -> None:
        super().__init__(f"{projection} has no handler for {wire}: upgrade the projection before the writers")
        self.projection = projection
        self.wire = wire


class Unfounded(ProjectionError):
    """Changes to rows that do not exist, or second rows of a key that may have one."""

    def __init__(self, table: str, why: str) -> None:
        super().__init__(f"{table}: {why}")
        self.table = table


class OutOfDate(ProjectionError):
    """The tables lie there in another shape than this version writes."""

    def __init__(self, schema: str) -> None:
        super().__init__(f"the tables of {schema} have another shape than this version writes: rebuild {schema}")
        self.schema = schema


class AlreadyRebuilding(ProjectionError):
    """The projection is being rebuilt by somebody else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being rebuilt already: wait until that has ended")
        self.name = name


class NoSuchMoment(ProjectionError):
    """Nothing in the log is at the moment asked for."""
