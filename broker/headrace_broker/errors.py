"""What can go wrong with the log.

BrokerError
├── Unavailable       the broker does not answer, or not in time           retry
│   └── OutcomeUnknown    a transaction may or may not have been committed  make a new session, read the log
├── NotAuthorised     the certificate has no right to this                 stop, or tell the user
├── Missing           a topic that should be there is not                  stop
├── Gap               an event's sequence number is not the next one       stop
├── Corrupt           an artifact's bytes are not those its name promises  stop, or tell the user
└── NotCounted        the key or token presented is not one that counts   tell the caller
"""


class BrokerError(Exception):
    """Anything wrong with the log."""


class Unavailable(BrokerError):
    """The broker does not answer, or not in time; the same call may succeed later."""


class OutcomeUnknown(Unavailable):
    """A transaction was neither confirmed nor refused: only reading the log tells."""


class NotAuthorised(BrokerError):
    """The certificate has no right to the topic, group or transactional id."""


class Missing(BrokerError):
    """A topic that should exist does not, or is not the one it was (another topic id)."""


class Gap(BrokerError):
    """Events of a topic are not numbered one after the other."""

    def __init__(self, topic: str, expected: int, found: int) -> None:
        super().__init__(f"{topic}: event {found} came where event {expected} was due; the projection stops here")
        self.topic = topic
        self.expected = expected
        self.found = found


class Corrupt(BrokerError):
    """An artifact's bytes are not those that its name promises."""


class NotCounted(BrokerError):
    """What was presented is no key or token that counts now; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
