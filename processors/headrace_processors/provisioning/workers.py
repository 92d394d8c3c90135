"""Certificates of workers, folded: each counts while the rung that it is for runs, and no longer."""

from dataclasses import dataclass, field

from headrace_events.certificate import CertificateRejected, CertificateRequested, CertificateRevoked
from headrace_events.envelope import Position, Recorded
from headrace_events.study import RungReported, StudyCompleted, TrialFailed, TrialPromoted, TrialRung, TrialStarted

Holder = tuple[str, int]
"""A person and a generation of theirs."""


@dataclass(slots=True)
class Workers:
    """One project: which trials run at which rung, and what was asked for to run them.

    The two lie on one topic, in order. A certificate that is signed late, when its run is over, is over too.
    """

    running: dict[tuple[str, int], int] = field(default_factory=dict)
    asked: dict[Holder, tuple[TrialRung, Position]] = field(default_factory=dict)

    def apply(self, recorded: Recorded) -> bool:
        """Fold one event; whether a certificate of a worker may have come to its end."""
        match recorded.event:
            case CertificateRequested(user=user, generation=generation, run=TrialRung() as run):
                self.asked[user, generation] = (run, recorded.at)
            case CertificateRejected(user=user, generation=generation):
                self.asked.pop((user, generation), None)
            case CertificateRevoked(user=user, generation=generation):
                self.asked.pop((user, generation), None)
            case TrialStarted(study=study, trial=trial):
                self.running[study, trial] = 0
            case TrialPromoted(study=study, trial=trial, rung=rung):
                self.running[study, trial] = rung
            case RungReported(study=study, trial=trial) | TrialFailed(study=study, trial=trial):
                self.running.pop((study, trial), None)
                return bool(self.asked)
            case StudyCompleted(study=study):
                self.running = {run: rung for run, rung in self.running.items() if run[0] != study}
                return bool(self.asked)
            case _:
                pass
        return False

    def holds(self, user: str, generation: int) -> bool:
        """Whether that generation is a worker's."""
        return (user, generation) in self.asked

    def over(self, user: str, generation: int) -> bool:
        """Whether it is a worker's whose rung does not run any more."""
        found = self.asked.get((user, generation))
        return found is not None and self.running.get((found[0].study, found[0].trial)) != found[0].rung
