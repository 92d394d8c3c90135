"""A worker's certificate on real brokers: what it opens in a sensitive project, and that it ends with its rung."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tests.integration.clients import eventually
from tests.integration.platform import Platform, signing_request
from tests.integration.processors.test_provisioning import can_produce, can_read
from tests.unit.events.test_study import CREATE

from headrace_broker.connection import Connection
from headrace_compose.supervision import Supervisor
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRequested,
    CertificateRevoked,
    Ending,
    RequestTrialCertificate,
)
from headrace_events.language import Event
from headrace_events.member import RemoveMember
from headrace_events.project import MarkSensitive
from headrace_events.study import ReportRung, StartTrial, TrialRung
from headrace_events.topic import CreateTopic, TopicOpened

E = TypeVar("E", bound=Event)

DRIVER = "system:studies"
RUN = TrialRung(study=CREATE.study, trial=0, rung=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A sensitive project with a topic, and the worker of a scientist's study that reads it."""

    platform: Platform
    name: str
    topic: str
    worker: Connection

    def ended(self, reason: Ending) -> Callable[[], bool | None]:
        """Ask whether the certificate was revoked for that reason."""
        wanted = CertificateRevoked(user="bob", generation=1, reason=reason)
        return lambda: True if happened(self.platform, self.name, CertificateRevoked) == wanted else None


def happened(platform: Platform, project: str, kind: type[E]) -> E | None:
    """The first event of that kind in the project."""
    found = (one.event for one in platform.events() if one.project == project)
    return next((event for event in found if isinstance(event, kind)), None)


def reading(platform: Platform, folder: Path) -> Reading:
    name = platform.project()
    topic = f"{name}.topics.clicks"
    platform.send(CreateTopic(project=name, name="clicks"), "user:ada")
    platform.send(MarkSensitive(project=name), "user:ada")
    platform.send(replace(CREATE, project=name, reads_topics=True), "user:bob")
    platform.send(StartTrial(project=name, study=CREATE.study, trial=0, parameters={}), DRIVER)
    key, request = signing_request()
    platform.send(RequestTrialCertificate(project=name, user="bob", run=RUN, signing_request=request), DRIVER)
    eventually(lambda: happened(platform, name, TopicOpened), "the topic to open")
    issued = eventually(lambda: happened(platform, name, CertificateIssued), "the certificate")
    asked = happened(platform, name, CertificateRequested)
    assert asked is not None
    assert (issued.user, issued.generation, asked.run) == ("bob", 1, RUN)
    files = {kind: folder / f"{name}.bob.w1__{name}.{kind}" for kind in ("pem", "key")}  # named for its groups
    files["pem"].write_text(issued.certificate)
    files["key"].write_bytes(key)
    stack = platform.stack
    worker = Connection(
        bootstrap=stack.bootstrap, ca=stack.credentials("broker").ca, certificate=files["pem"], key=files["key"]
    )
    return Reading(platform=platform, name=name, topic=topic, worker=worker)


def pid_of(platform: Platform, service: str) -> int:
    supervisor = Supervisor(platform.stack.site.home)
    return eventually(lambda: supervisor.running()[service].pid, f"{service} to run")


def test_a_worker_reads_where_its_person_does_not_and_is_cut_off_when_its_rung_ends(
    platform: Platform, tmp_path: Path
) -> None:
    found = reading(platform, tmp_path)
    own = platform.member_connection(found.name, "bob", tmp_path / "bob")
    rival = platform.project("mallory", None)
    assert not can_read(own, found.topic)
    for topic in (found.topic, f"{found.name}.events", f"{found.name}.predictions"):
        assert can_read(found.worker, topic)
        assert not can_produce(found.worker, topic)
    assert not can_produce(found.worker, f"{found.name}.runs")
    for topic in (f"{rival}.events", f"{rival}.runs", "headrace.platform"):
        assert not can_read(found.worker, topic)
    os.kill(pid_of(platform, "provisioning"), signal.SIGKILL)
    report = ReportRung(project=found.name, study=CREATE.study, trial=0, rung=0, steps=1, metric=0.5)
    platform.send(report, DRIVER)
    eventually(found.ended(Ending.RUN_ENDED), "the certificate to be revoked", 60)
    assert not can_read(found.worker, found.topic)
    assert can_read(own, f"{found.name}.runs")


def test_a_worker_is_cut_off_with_the_membership_of_who_asked_for_its_study(platform: Platform, tmp_path: Path) -> None:
    found = reading(platform, tmp_path)
    assert can_read(found.worker, found.topic)
    platform.send(RemoveMember(project=found.name, user="bob"), "user:ada")
    eventually(found.ended(Ending.MEMBER_REMOVED), "the certificate to be revoked")
    assert not can_read(found.worker, found.topic)
