"""Passwords, one-time codes and sessions: what is decided about them."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.events.scenario import Scenario, platform

from headrace_events.ids import Micros
from headrace_events.language import Command
from headrace_events.password import (
    MOST_BYTES,
    LockErased,
    LockPassword,
    LockStored,
    PasswordChanged,
    PasswordErased,
    PasswordLocked,
    PasswordStored,
    PasswordUnlocked,
    SetPassword,
    UnlockPassword,
)
from headrace_events.session import (
    MOST,
    EndSession,
    ExtendSession,
    SessionEnded,
    SessionErased,
    Sessions,
    SessionStarted,
    SessionStored,
    StartSession,
)
from headrace_events.totp import CodeSpent, ConfirmTotp, EnrolTotp, RemoveTotp, TotpConfirmed, TotpErased, TotpStored
from headrace_events.user import DeactivateUser, RegisterUser, RejectUser

ADMINISTRATOR = "user:root-admin"
API = "system:api"
HASH = "0" * 64


def start(session: str, user: str = "ada", ends: int = 10**9, **codes: object) -> StartSession:
    step, recovery = codes.get("step"), codes.get("recovery")
    assert step is None or isinstance(step, int)
    assert recovery is None or isinstance(recovery, str)
    return StartSession(
        user=user,
        session_id=session,
        token_hash=HASH,
        by="password",
        idle_until=Micros(10**6),
        ends=Micros(ends),
        totp_step=step,
        recovery=recovery,
    )


def live(scenario: Scenario, user: str = "ada") -> set[str]:
    held = scenario.world.state(Sessions, None, user)
    return set(held.live) if held else set()


def test_a_session_starts_and_ends() -> None:
    scenario = platform()
    started, stored = scenario.events(start("s-1"), API)
    assert started == SessionStarted(user="ada", session_id="s-1", by="password", ends=Micros(10**9))
    assert isinstance(stored, SessionStored)
    ended = scenario.events(EndSession(user="ada", session_id="s-1"))
    assert ended == [SessionEnded(user="ada", session_id="s-1"), SessionErased(session_id="s-1")]
    assert scenario.refusal(EndSession(user="ada", session_id="s-1")) == "session-not-found"


def test_a_session_that_ended_is_not_extended() -> None:
    scenario = platform()
    scenario.events(start("s-1", ends=100), API)
    extend = ExtendSession(user="ada", session_id="s-1", token_hash=HASH, idle_until=Micros(500))
    (stored,) = scenario.events(extend, API)
    assert isinstance(stored, SessionStored)
    assert (stored.idle_until, stored.ends) == (100, 100)
    scenario.events(EndSession(user="ada", session_id="s-1"))
    assert scenario.refusal(extend, API) == "session-not-found"


def test_only_the_api_starts_sessions_and_only_for_active_people() -> None:
    scenario = platform()
    assert scenario.refusal(start("s-1"), "user:ada") == "not-yours-to-send"
    scenario.events(RegisterUser(user="zoe"), "anonymous")
    assert scenario.refusal(start("s-1", "zoe"), API) == "user-not-active"
    assert scenario.refusal(start("s-1", "nobody"), API) == "user-not-found"


def test_others_do_not_end_ones_session_but_administrators_do() -> None:
    scenario = platform()
    scenario.events(start("s-1"), API)
    end = EndSession(user="ada", session_id="s-1")
    assert scenario.refusal(end, "user:bob") == "not-your-session"
    assert scenario.events(end, ADMINISTRATOR)


def test_the_session_that_ends_first_makes_room() -> None:
    scenario = platform()
    for number in range(MOST + 3):
        scenario.events(start(f"s-{number}", ends=10**9 + number), API)
    assert live(scenario) == {f"s-{number}" for number in range(3, MOST + 3)}


def test_a_code_counts_once() -> None:
    scenario = platform()
    scenario.events(start("s-1", step=7), API)
    assert scenario.refusal(start("s-2", step=7), API) == "code-used"
    assert scenario.refusal(start("s-2", step=6), API) == "code-used"
    scenario.events(start("s-2", step=8), API)
    scenario.events(start("s-3", recovery="one"), API)
    assert scenario.refusal(start("s-4", recovery="one"), API) == "code-used"
    scenario.events(EndSession(user="ada", session_id="s-2"))
    assert scenario.refusal(start("s-4", step=8), API) == "code-used"


@pytest.mark.parametrize(
    "again",
    [
        lambda code: start("s-2", **code),
        lambda code: SetPassword(user="ada", sealed=b"x", totp_step=code.get("step"), recovery=code.get("recovery")),
        lambda code: RemoveTotp(user="ada", totp_step=code.get("step"), recovery=code.get("recovery")),
    ],
)
@pytest.mark.parametrize("code", [{"step": 7}, {"step": 6}, {"recovery": "one"}])
def test_a_code_that_was_shown_does_nothing_more(again: Callable[[Any], Command], code: dict[str, Any]) -> None:
    scenario = platform()
    scenario.events(EnrolTotp(user="ada", sealed=b"x"))
    scenario.events(ConfirmTotp(user="ada", sealed=b"x", recovery=(HASH,), totp_step=7))
    scenario.events(start("s-1", recovery="one"), API)
    wish = again(code)
    assert scenario.refusal(wish, API if isinstance(wish, StartSession) else "user:ada") == "code-used"


def test_each_way_of_showing_a_code_spends_it() -> None:
    scenario = platform()
    scenario.events(EnrolTotp(user="ada", sealed=b"x"))
    spent = [
        scenario.events(ConfirmTotp(user="ada", sealed=b"x", recovery=(HASH,), totp_step=7)),
        scenario.events(start("s-1", step=8), API),
        scenario.events(SetPassword(user="ada", sealed=b"x", totp_step=9)),
        scenario.events(RemoveTotp(user="ada", recovery="one")),
    ]
    assert [events[0] for events in spent] == [
        CodeSpent(user="ada", totp_step=7),
        CodeSpent(user="ada", totp_step=8),
        CodeSpent(user="ada", totp_step=9),
        CodeSpent(user="ada", recovery="one"),
    ]


def test_a_new_seed_has_codes_of_its_own() -> None:
    scenario = platform()
    for _ in range(2):
        scenario.events(EnrolTotp(user="ada", sealed=b"x"))
        scenario.events(ConfirmTotp(user="ada", sealed=b"x", recovery=(HASH,), totp_step=7))
        scenario.events(RemoveTotp(user="ada", recovery="one"))


def test_shutting_somebody_out_ends_their_sessions() -> None:
    scenario = platform()
    scenario.events(start("s-1"), API)
    scenario.events(DeactivateUser(user="ada"), ADMINISTRATOR)
    assert live(scenario) == set()


def test_a_changed_password_ends_all_other_sessions() -> None:
    scenario = platform()
    for session in ("s-1", "s-2"):
        scenario.events(start(session), API)
    events = scenario.events(SetPassword(user="ada", sealed=b"x", keep="s-2"))
    assert events[:2] == [PasswordChanged(user="ada"), PasswordStored(user="ada", sealed=b"x")]
    assert live(scenario) == {"s-2"}


@pytest.mark.parametrize("sealed", [b"", b"x" * (MOST_BYTES + 1)])
def test_a_sealed_hash_has_some_size(sealed: bytes) -> None:
    assert platform().refusal(SetPassword(user="ada", sealed=sealed)) == "invalid-password-hash"


def test_recovery_codes_are_kept_as_hashes() -> None:
    scenario = platform()
    scenario.events(EnrolTotp(user="ada", sealed=b"x"))
    confirm = ConfirmTotp(user="ada", sealed=b"x", recovery=(HASH, "123456"))
    assert scenario.refusal(confirm) == "invalid-recovery-code"


def test_an_administrator_gives_others_a_temporary_password_only() -> None:
    scenario = platform()
    assert scenario.refusal(SetPassword(user="ada", sealed=b"x"), ADMINISTRATOR) == "password-must-be-temporary"
    temporary = SetPassword(user="ada", sealed=b"x", temporary_until=Micros(9))
    assert scenario.refusal(temporary, "user:bob") == "not-your-password"
    assert scenario.events(temporary, ADMINISTRATOR)


def test_a_lock_lasts_until_an_administrator_or_a_new_password_lifts_it() -> None:
    scenario = platform()
    lock = LockPassword(user="ada", until=Micros(99))
    assert scenario.refusal(UnlockPassword(user="ada"), ADMINISTRATOR) == "not-locked"
    assert scenario.events(lock, API) == [
        PasswordLocked(user="ada", until=Micros(99)),
        LockStored(user="ada", until=Micros(99)),
    ]
    assert scenario.refusal(UnlockPassword(user="ada"), "user:ada") == "administrators-only"
    lifted = [PasswordUnlocked(user="ada"), LockErased(user="ada")]
    assert scenario.events(UnlockPassword(user="ada"), ADMINISTRATOR) == lifted
    scenario.events(lock, API)
    assert scenario.events(SetPassword(user="ada", sealed=b"x"))[:2] == lifted


def test_a_password_comes_with_a_registration_and_goes_with_its_rejection() -> None:
    scenario = platform()
    assert PasswordStored(user="zoe", sealed=b"x") in scenario.events(
        RegisterUser(user="zoe", sealed=b"x"), "anonymous"
    )
    assert PasswordErased(user="zoe") in scenario.events(RejectUser(user="zoe"), ADMINISTRATOR)


def test_one_time_codes_are_enrolled_confirmed_and_removed() -> None:
    scenario = platform()
    confirm = ConfirmTotp(user="ada", sealed=b"x", recovery=(HASH,))
    assert scenario.refusal(confirm) == "totp-not-enrolled"
    scenario.events(EnrolTotp(user="ada", sealed=b"x"))
    scenario.events(EnrolTotp(user="ada", sealed=b"y"))
    assert scenario.events(confirm) == [
        TotpConfirmed(user="ada"),
        TotpStored(user="ada", sealed=b"x", confirmed=True, recovery=(HASH,)),
    ]
    assert scenario.refusal(EnrolTotp(user="ada", sealed=b"z")) == "totp-confirmed"
    assert scenario.refusal(confirm) == "totp-confirmed"
    assert scenario.events(RemoveTotp(user="ada"), ADMINISTRATOR)[1] == TotpErased(user="ada")
    assert scenario.refusal(RemoveTotp(user="ada")) == "totp-not-enrolled"


@pytest.mark.parametrize(
    "command",
    [
        EnrolTotp(user="ada", sealed=b"x"),
        ConfirmTotp(user="ada", sealed=b"x", recovery=()),
        RemoveTotp(user="ada"),
    ],
)
def test_one_time_codes_are_ones_own_business(command: Command) -> None:
    assert platform().refusal(command, "user:bob") == "not-your-codes"
    if not isinstance(command, RemoveTotp):
        assert platform().refusal(command, ADMINISTRATOR) == "not-your-codes"
