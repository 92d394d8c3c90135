"""Provisioning is killed between the steps of projects and certificates in the making."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.integration.clients import connection, eventually
from tests.integration.faults.killing import SECONDS, kill
from tests.integration.platform import Platform, signing_request

from headrace_broker.acls import member_rules
from headrace_broker.admin import Admin
from headrace_events.certificate import CertificateIssued, RequestCertificate
from headrace_events.project import ProjectReady
from headrace_events.roles import Role

KILLS = 6
PROJECTS = 18


@pytest.mark.long
def test_projects_and_certificates_are_made_once_however_often_provisioning_is_killed(
    platform: Platform, chance: random.Random
) -> None:
    with ThreadPoolExecutor(3) as makers:
        making = [makers.submit(_project_with_certificate, platform) for _ in range(PROJECTS)]
        for _ in range(KILLS):
            threading.Event().wait(chance.random() * 2.0)
            kill(platform.stack, "provisioning")
        projects = [made.result(SECONDS) for made in making]

    def issued() -> dict[str, list[CertificateIssued]] | None:
        found: dict[str, list[CertificateIssued]] = {project: [] for project in projects}
        for recorded in platform.events():
            if isinstance(recorded.event, CertificateIssued) and recorded.project in found:
                found[recorded.project].append(recorded.event)
        return found if all(found.values()) else None

    certificates = eventually(issued, "certificates", SECONDS)
    assert all(len(of_project) == 1 for of_project in certificates.values())
    ready = [one.event for one in platform.events() if isinstance(one.event, ProjectReady)]
    admin = Admin(connection(platform.stack, "broker"))
    rules = admin.rules()
    for project in projects:
        (opened,) = [event.topics for event in ready if event.project == project]
        there = admin.topic_ids([topic.name for topic in opened])
        assert {topic.name: topic.topic_id for topic in opened} == {name: found[0] for name, found in there.items()}
        assert member_rules(project, f"{project}__ada__1", Role.DATA_OWNER) <= rules


def _project_with_certificate(platform: Platform) -> str:
    project = platform.project()
    _, request = signing_request()
    platform.send(RequestCertificate(project=project, user="ada", signing_request=request), "user:ada")
    return project
