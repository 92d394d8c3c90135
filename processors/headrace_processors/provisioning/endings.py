"""How every certificate of a project that is deleted has ended, by the project's own log."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from headrace_events.certificate import CertificateIssued, CertificateRevoked, Ending
from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_processors.provisioning.issued import IssuedCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCertificate:
    """A certificate without rights: since when, and why."""

    certificate: IssuedCertificate
    when: Micros
    why: Ending


@dataclass(slots=True)
class Endings:
    """The certificates of one project, folded: those revoked before it was deleted keep the reason they have."""

    issued: dict[tuple[str, int], IssuedCertificate] = field(default_factory=dict)
    revoked: dict[tuple[str, int], tuple[Micros, Ending]] = field(default_factory=dict)

    def apply(self, events: Iterable[Recorded]) -> None:
        """Fold the next events."""
        for recorded in events:
            match recorded.event:
                case CertificateIssued(user=user, generation=generation) as issued:
                    self.issued[user, generation] = IssuedCertificate.of(issued, recorded.time, None)
                case CertificateRevoked(user=user, generation=generation, reason=reason):
                    self.revoked[user, generation] = (recorded.time, reason)
                case _:
                    pass

    def deleted(self, now: Micros) -> list[EndedCertificate]:
        """All of them, now that the project is deleted."""
        found = []
        for who, certificate in self.issued.items():
            when, why = self.revoked.get(who, (now, Ending.PROJECT_DELETED))
            found.append(EndedCertificate(certificate=certificate, when=when, why=why))
        return found
