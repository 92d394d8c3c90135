"""Certificates that were issued and not revoked, and how many of them are about to expire."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from headrace_events.certificate import CertificateIssued
from headrace_events.ids import Micros

STATES = ("valid", "expires-soon", "superseded", "authority-retired", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """One that provisioning signed; `replaces` is the generation of the same person that it renewed."""

    serial: str
    begins: Micros
    expires: Micros
    replaces: int | None
    authority: int = 1

    @classmethod
    def of(cls, issued: CertificateIssued, at: Micros, replaces: int | None) -> "IssuedCertificate":
        """The certificate of the event that the log took then."""
        begins = at if issued.begins is None else issued.begins
        return cls(
            serial=issued.serial,
            begins=begins,
            expires=issued.expires,
            replaces=replaces,
            authority=issued.authority,
        )


def standing(
    projects: Iterable[Mapping[tuple[str, int], IssuedCertificate]], now: Micros, retired: Collection[int] = ()
) -> Mapping[str, int]:
    """How many certificates are in each of the states, given those of each project by person and generation.

    One expires soon when it should have been renewed: at two thirds of its life, and no newer one took its place.
    """
    found = Counter(dict.fromkeys(STATES, 0))
    for issued in projects:
        renewed = {(user, one.replaces) for (user, _), one in issued.items()}
        for who, one in issued.items():
            if one.expires <= now:
                found["expired"] += 1
            elif one.authority in retired:
                found["authority-retired"] += 1
            elif who in renewed:
                found["superseded"] += 1
            elif one.expires - now <= (one.expires - one.begins) / 3:
                found["expires-soon"] += 1
            else:
                found["valid"] += 1
    return found
