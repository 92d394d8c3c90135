"""The command path of a running stack, as tests use it: people, projects, commands."""

from __future__ import annotations

import hashlib
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.integration.clients import connection, eventually
from tests.integration.stack import RunningStack

from headrace_broker.command_client import CommandClient
from headrace_broker.connection import Connection
from headrace_broker.feed import MetadataFeed, Start
from headrace_broker.follower import Partition
from headrace_broker.results import Result
from headrace_broker.topics import events_of
from headrace_events.certificate import CertificateIssued, RequestCertificate
from headrace_events.envelope import Recorded, Request
from headrace_events.errors import Conflict, NotReady, Refusal
from headrace_events.ids import CommandId, uuid7
from headrace_events.language import Command
from headrace_events.member import AddMember
from headrace_events.project import CreateProject
from headrace_events.roles import Role
from headrace_events.user import CreateFirstAdministrator, CreateUser
from headrace_projections.checkpoint import closed_topics

ADMINISTRATOR = "user:root-admin"


@dataclass(slots=True)
class Platform:
    """A stack whose command processor and provisioning run."""

    stack: RunningStack
    client: CommandClient
    users: set[str] = field(default_factory=set)
    _read: list[Recorded] = field(default_factory=list)
    _starts: dict[Partition, Start] = field(default_factory=dict)

    def send(self, command: Command, actor: str = ADMINISTRATOR, **extra: object) -> Result:
        """Send and wait; raises the Refusal."""
        command_id = CommandId(str(extra.get("command_id") or uuid7()))
        expected = extra.get("expected_version")
        assert expected is None or isinstance(expected, int)
        return self.client.ask(
            Request(command=command, id=command_id, actor=actor, expected_version=expected), seconds=40
        )

    def found(self) -> None:
        """Make the first administrator, unless there is one."""
        founding = CreateFirstAdministrator(
            user="root-admin", key_id="first", key_hash=hashlib.sha256(b"secret").hexdigest()
        )
        with suppress(Conflict):
            self.send(founding, "anonymous")

    def user(self, name: str) -> str:
        """A user of that name; returns the actor."""
        if name not in self.users:
            with suppress(Conflict):
                self.send(CreateUser(user=name))
            self.users.add(name)
        return f"user:{name}"

    def project(self, owner: str = "ada", scientist: str | None = "bob") -> str:
        """A new, ready project."""
        name = f"p-{uuid.uuid4().hex[:12]}"
        self.user(owner)
        self.send(CreateProject(project=name, owner=owner))
        if scientist is not None:
            self.user(scientist)
        eventually(lambda: self._ready(name, owner, scientist), f"project {name} to be ready", 90)
        return name

    def _ready(self, project: str, owner: str, scientist: str | None) -> bool | None:
        member = AddMember(project=project, user=scientist or owner, role=Role.DATA_SCIENTIST)
        try:
            self.send(member, f"user:{owner}")
        except Conflict as refusal:
            return None if refusal.code == "project-not-ready" else True
        return True

    def events(self) -> list[Recorded]:
        """Every metadata event so far, without deleted projects; what was read before is not read again."""
        feed = MetadataFeed(connection(self.stack, "provisioning"), self._starts, stays=False)
        while not feed.at_end():
            batch = feed.poll(1.0)
            self._read += batch.events
            self._starts |= {where: Start(end, feed.seq(where.topic)) for where, end in batch.ends.items()}
            closed = closed_topics(batch.events)
            if closed:
                self._starts = {where: start for where, start in self._starts.items() if where.topic not in closed}
                self._read = [one for one in self._read if one.project is None or events_of(one.project) not in closed]
        feed.close()
        return list(self._read)

    def member_connection(self, project: str, user: str, folder: Path) -> Connection:
        """The broker as that member sees it, with a fresh certificate."""
        key, request = signing_request()
        self.send(RequestCertificate(project=project, user=user, signing_request=request), f"user:{user}")
        issued = eventually(lambda: self._issued(project, user), f"a certificate for {user}")
        folder.mkdir(parents=True, exist_ok=True)
        paths = {name: folder / f"{project}__{user}__{issued.generation}.{name}" for name in ("pem", "key")}
        paths["pem"].write_text(issued.certificate)
        paths["key"].write_bytes(key)
        return Connection(
            bootstrap=self.stack.bootstrap,
            ca=self.stack.credentials("broker").ca,
            certificate=paths["pem"],
            key=paths["key"],
        )

    def _issued(self, project: str, user: str) -> CertificateIssued | None:
        of_user = [
            recorded.event
            for recorded in self.events()
            if recorded.project == project and recorded.event.kind == "certificate" and recorded.event.key == user
        ]
        last = of_user[-1]
        return last if isinstance(last, CertificateIssued) else None


def signing_request() -> tuple[bytes, str]:
    """A new private key and a signing request over it, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whatever")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, request.public_bytes(serialization.Encoding.PEM).decode()


__all__ = ["ADMINISTRATOR", "NotReady", "Platform", "Refusal", "signing_request"]
