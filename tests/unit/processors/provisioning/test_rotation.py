"""Rotating while brokers do not do as it says yet."""

from __future__ import annotations

from pathlib import Path

from headrace_broker.authority import CertificateAuthority
from headrace_broker.connection import Connection
from headrace_events.authority import RecordAuthority, RecordAuthorityRetired
from headrace_events.envelope import Position
from headrace_events.ids import Micros
from headrace_events.language import Command
from headrace_processors.provisioning.rotation import FIRST_REST_S, REST_S, Rotation, WantedAuthorities

AT = Position("platform", 0, 3)


class Brokers:
    """Brokers that let in whoever comes once they have read their stores; and a clock."""

    def __init__(self, folder: Path) -> None:
        authority = CertificateAuthority.create(folder / "ca")
        files = [folder / name for name in ("pem", "key")]
        connection = Connection(bootstrap="", ca=folder / "ca" / "ca.pem", certificate=files[0], key=files[1])
        self.said: list[Command] = []
        self.asked: list[float] = []
        self.open = False
        self.now = 0.0
        self.first = authority.number
        self.rotation = Rotation(
            connection, folder, self.say, reload=lambda _: None, let_in=self.let_in, clock=lambda: self.now
        )

    def say(self, command: Command, at: Position, step: str) -> None:
        """Take down what was said."""
        self.said.append(command)

    def let_in(self, connection: Connection) -> bool:
        """Answer one question."""
        self.asked.append(self.now)
        return self.open

    def step(self, wanted: WantedAuthorities) -> int:
        """Let provisioning come by once."""
        return self.rotation.step(wanted, Micros(9))


def test_brokers_are_asked_once_at_a_time_and_less_and_less_often(tmp_path: Path) -> None:
    brokers, wanted = Brokers(tmp_path), WantedAuthorities(coming=(2, AT))
    for quarter in range(240):
        brokers.now = quarter * FIRST_REST_S
        assert brokers.step(wanted) == 0
    rests = [later - earlier for earlier, later in zip(brokers.asked, brokers.asked[1:], strict=False)]
    assert rests == [FIRST_REST_S * 2**times for times in range(6)] + [REST_S, REST_S]
    assert brokers.rotation.trust.signing.number == brokers.first


def test_it_signs_once_the_brokers_believe_it(tmp_path: Path) -> None:
    brokers, wanted = Brokers(tmp_path), WantedAuthorities(coming=(2, AT))
    assert brokers.step(wanted) == 0
    brokers.open, brokers.now = True, FIRST_REST_S
    assert brokers.step(wanted) == 1
    assert [type(command) for command in brokers.said] == [RecordAuthority]
    assert brokers.rotation.trust.signing.number == 2
    assert (wanted.coming, wanted.rest) == (None, FIRST_REST_S)


def test_the_older_one_stays_as_long_as_the_brokers_believe_it(tmp_path: Path) -> None:
    brokers, wanted = Brokers(tmp_path), WantedAuthorities(coming=(2, AT))
    brokers.open = True
    brokers.step(wanted)
    wanted.going = (1, AT)
    for _ in range(3):
        brokers.now += REST_S
        assert brokers.step(wanted) == 0
    assert RecordAuthorityRetired(authority=1) not in brokers.said
    assert wanted.going == (1, AT)
