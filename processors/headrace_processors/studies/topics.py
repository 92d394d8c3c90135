"""What trials that read topics are given: a certificate of their own, the brokers, and the project's schemas."""

from collections.abc import Callable, Collection, Mapping

from headrace_events.envelope import Recorded
from headrace_processors.studies.certificates import Overtaken, WorkerCertificate, WorkerCertificates
from headrace_processors.studies.schemas import ProjectSchemas
from headrace_processors.studies.worker import Failed, TopicAccess
from headrace_processors.studies.workers import Slot


class TopicReading:
    """Asks for what a rung needs, and hands it out once it is there; `brokers` gives the settings of every client."""

    def __init__(self, certificates: WorkerCertificates, brokers: Callable[[], Mapping[str, str]]) -> None:
        self._certificates = certificates
        self._brokers = brokers
        self._schemas = ProjectSchemas()

    def apply(self, recorded: Recorded) -> None:
        """Fold one event."""
        self._schemas.apply(recorded)
        self._certificates.apply(recorded)

    def ask(self, slot: Slot, user: str) -> None:
        """Let a worker of that rung read topics on behalf of that person."""
        self._certificates.ask(slot, user)

    def keep(self, wanted: Collection[Slot]) -> None:
        """Wait for the certificates of these rungs alone."""
        self._certificates.keep(wanted)

    def take(self) -> list[tuple[Slot, TopicAccess | Failed | Overtaken]]:
        """What came since the last call, or why nothing will."""
        return [
            (slot, self._access(came) if isinstance(came, WorkerCertificate) else came)
            for slot, came in self._certificates.take()
        ]

    def schemas(self, project: str) -> Mapping[int, str]:
        """What records on the project's topics are decoded by."""
        return self._schemas.of(project)

    def _access(self, given: WorkerCertificate) -> TopicAccess:
        own = {"ssl.certificate.pem": given.certificate, "ssl.key.pem": given.key}
        return TopicAccess(connection={**self._brokers(), **own}, group_prefix=given.group_prefix)
