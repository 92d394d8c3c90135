"""Signing in over HTTP: passwords, one-time codes, sessions, locks."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import httpx
import pyotp
import pytest
from tests.unit.api.in_memory import ADMINISTRATOR, Service

from headrace_api.errors import Unprocessable
from headrace_api.keys.minting import mint
from headrace_api.passwords.hashing import Hashing
from headrace_api.sessions.attempts import OF_ADDRESS, OF_PERSON, REGISTRATIONS, WINDOW_US, Attempts, Counted
from headrace_api.sessions.tokens import IDLE_US
from headrace_api.totp.codes import STEP_S, new_seed, recovery_codes, recovery_hash
from headrace_broker.sealing import MasterKey
from headrace_events.ids import CommandId, Micros, uuid7
from headrace_events.password import LockStored, PasswordStored
from headrace_events.session import SessionStored
from headrace_events.totp import Totp

PASSWORD = "correct horse battery"


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def person(service: Service, user: str = "ada") -> str:
    """A person with a password, who is let in; returns their name."""
    answer = service.http.post("/api/registrations", json={"user": user, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    assert service.post(f"/api/users/{user}/approval", {}).status_code == 200
    return user


def sign_in(service: Service, user: str = "ada", password: str = PASSWORD, **more: Any) -> httpx.Response:
    return service.http.post("/api/sessions", json={"user": user, "password": password, **more})


def token(service: Service, **more: Any) -> str:
    answer = sign_in(service, **more)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["token"]
    return found


def acts(service: Service, with_token: str) -> tuple[int, str]:
    """What becomes of a command sent with the token."""
    return code(service.post("/api/projects", {"project": "Not A Name"}, with_token))


WORKS = (422, "invalid-name")


def test_a_password_opens_a_session_and_signing_out_ends_it(service: Service) -> None:
    person(service)
    mine = token(service)
    assert acts(service, mine) == WORKS
    headers = {"Authorization": f"Bearer {mine}"}
    assert service.http.delete("/api/sessions/current", headers=headers).status_code == 200
    assert acts(service, mine) == (401, "invalid-session")


def test_the_password_is_nowhere_in_clear(service: Service) -> None:
    person(service)
    stored = service.keys.held(PasswordStored, "password/ada")
    assert stored is not None
    assert PASSWORD.encode() not in stored.sealed
    assert b"argon2" not in stored.sealed


def test_a_password_is_hashed_with_argon2id() -> None:
    master = MasterKey(bytes(32))
    sealed = asyncio.run(Hashing(master).sealed("ada", PASSWORD, CommandId(uuid7())))
    assert master.unwrap(sealed, b"password/ada").startswith(b"$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    ("user", "password"), [("ada", "wrong"), ("ada", ""), ("nobody", PASSWORD), ("root", PASSWORD)]
)
def test_who_does_not_know_it_is_told_the_same(service: Service, user: str, password: str) -> None:
    person(service)
    assert code(sign_in(service, user, password)) == (401, "wrong-password")


@pytest.mark.parametrize("password", ["short", "x" * 300, "aaaaaaaaaaaaaaaa", "my-name-is-zoe"])
def test_a_weak_password_is_refused(service: Service, password: str) -> None:
    answer = service.http.post("/api/registrations", json={"user": "zoe", "password": password})
    assert code(answer) == (422, "weak-password")


def test_who_waits_or_was_shut_out_does_not_sign_in(service: Service) -> None:
    service.http.post("/api/registrations", json={"user": "zoe", "password": PASSWORD})
    assert code(sign_in(service, "zoe")) == (409, "user-not-active")
    person(service)
    mine = token(service)
    service.post("/api/users/ada/deactivation", {})
    assert acts(service, mine) == (401, "invalid-session")
    assert code(sign_in(service)) == (409, "user-not-active")
    service.post("/api/users/ada/activation", {})
    assert acts(service, mine) == (401, "invalid-session")
    assert acts(service, token(service)) == WORKS


def test_too_many_wrong_passwords_lock_it_even_for_who_knows_it(service: Service) -> None:
    person(service)
    mine = token(service)
    for _ in range(OF_PERSON):
        assert code(sign_in(service, password="wrong")) == (401, "wrong-password")
    locked = sign_in(service)
    assert code(locked) == (429, "password-locked")
    assert int(locked.headers["retry-after"]) > 0
    assert acts(service, mine) == WORKS
    headers = {"Authorization": f"Bearer {ADMINISTRATOR}"}
    assert service.http.delete("/api/users/ada/password-lock", headers=headers).status_code == 200
    assert sign_in(service).status_code == 201


def test_the_trail_tells_sessions_failures_and_locks_but_no_password(service: Service) -> None:
    person(service)
    token(service)
    service.audit.acts.clear()
    sign_in(service, user=PASSWORD, password="typed in the wrong place")
    token(service)
    for _ in range(OF_PERSON):
        sign_in(service, password="wrong-password-1")
    sign_in(service)
    told = [(act.act, act.outcome.value, act.code, act.subject) for act in service.audit.acts]
    failed = ("session.start", "refused", "wrong-password", "user/ada")
    assert told == [
        ("session.start", "refused", "wrong-password", "user/unknown"),
        ("session.start", "accepted", "", "user/ada"),
        *[failed] * (OF_PERSON - 1),
        ("password.lock", "accepted", "", "user/ada"),
        failed,
        ("session.start", "refused", "password-locked", "user/ada"),
    ]
    assert service.addresses() == {"127.0.0.1"}
    assert PASSWORD not in repr(service.audit.acts)
    assert "wrong-password-1" not in repr(service.audit.acts)


def test_a_new_password_lifts_the_lock(service: Service) -> None:
    person(service)
    for _ in range(OF_PERSON):
        assert code(sign_in(service, password="wrong")) == (401, "wrong-password")
    temporary = service.post("/api/users/ada/password-reset", {}).json()["password"]
    assert sign_in(service, password=temporary, new_password="another password").status_code == 201


def test_a_name_without_a_password_locks_like_any_other(service: Service) -> None:
    for _ in range(OF_PERSON):
        assert code(sign_in(service, "nobody")) == (401, "wrong-password")
    assert code(sign_in(service, "nobody")) == (429, "password-locked")


def test_a_name_that_nobody_has_is_locked_for_as_long_as_any_other(service: Service) -> None:
    person(service)
    attempts = service.http_context().doors.attempts
    minutes_ago = Micros(time.time_ns() // 1000 - WINDOW_US // 2)
    waits = []
    for user in ("ada", "nobody"):
        for _ in range(OF_PERSON - 1):
            assert attempts.failed(user, "elsewhere", minutes_ago) is None
        assert code(sign_in(service, user, "wrong")) == (401, "wrong-password")
        locked = sign_in(service, user, "wrong")
        assert code(locked) == (429, "password-locked")
        waits.append(int(locked.headers["retry-after"]))
    assert min(waits) > WINDOW_US // 1_000_000 * 3 // 4, waits


def test_a_lock_ends_and_five_failures_more_lock_again() -> None:
    attempts = Attempts()
    for _ in range(2):
        ends = [attempts.failed("ada", "here", Micros(moment)) for moment in range(1, OF_PERSON + 1)]
        assert ends == [None] * (OF_PERSON - 1) + [OF_PERSON + WINDOW_US]
        assert attempts.locked_until("ada") == OF_PERSON + WINDOW_US
    attempts.forgive("ada")
    assert attempts.locked_until("ada") is None


def test_who_was_shut_out_is_locked_again_after_an_old_lock(service: Service) -> None:
    person(service)
    service.keys.put("lock/ada", LockStored(user="ada", until=Micros(1)))
    service.post("/api/users/ada/deactivation", {})
    for _ in range(OF_PERSON):
        assert code(sign_in(service, password="wrong")) == (401, "wrong-password")
    assert code(sign_in(service, password="wrong")) == (429, "password-locked")


def test_a_right_password_forgets_the_wrong_ones(service: Service) -> None:
    person(service)
    for _ in range(2):
        for _ in range(OF_PERSON - 1):
            assert code(sign_in(service, password="wrong")) == (401, "wrong-password")
        assert sign_in(service).status_code == 201


def test_an_address_that_fails_too_often_waits(service: Service) -> None:
    person(service)
    attempts = service.http_context().doors.attempts
    for number in range(OF_ADDRESS):
        attempts.failed(f"user-{number}", "127.0.0.1", Micros(time.time_ns() // 1000))
    assert code(sign_in(service)) == (429, "too-many-failures")


def test_an_address_registers_only_so_many(service: Service) -> None:
    for number in range(REGISTRATIONS):
        assert service.http.post("/api/registrations", json={"user": f"zoe-{number}"}).status_code == 201
    assert code(service.http.post("/api/registrations", json={"user": "zoe"})) == (429, "too-many-registrations")


def test_what_happened_a_window_ago_counts_no_more() -> None:
    counted = Counted(2)
    counted.add("ada", Micros(1))
    assert counted.full_until("ada", Micros(2)) is None
    counted.add("ada", Micros(5))
    assert counted.full_until("ada", Micros(6)) == 1 + WINDOW_US
    assert counted.full_until("bob", Micros(6)) is None
    assert counted.full_until("ada", Micros(1 + WINDOW_US)) is None
    assert Attempts().failed("ada", "here", Micros(7)) is None


def test_ones_own_password_is_changed_with_the_present_one(service: Service) -> None:
    person(service)
    mine, other = token(service), token(service)
    headers = {"Authorization": f"Bearer {mine}"}
    new = {"password": "another password", "current": "wrong"}
    assert code(service.http.put("/api/password", json=new, headers=headers)) == (401, "wrong-password")
    assert code(service.http.put("/api/password", json={"password": "another password"}, headers=headers))[0] == 401
    new["current"] = PASSWORD
    assert service.http.put("/api/password", json=new, headers=headers).status_code == 200
    assert acts(service, mine) == WORKS
    assert acts(service, other) == (401, "invalid-session")
    assert code(sign_in(service)) == (401, "wrong-password")
    assert sign_in(service, password="another password").status_code == 201


@pytest.mark.parametrize("narrow", [{"scopes": ["account"]}, {"scopes": ["account", "admin"]}, {"expires": 2**52}])
def test_a_key_that_gives_less_than_signing_in_gives_no_password(service: Service, narrow: dict[str, Any]) -> None:
    person(service)
    headers = {"Authorization": f"Bearer {service.post('/api/keys', narrow).json()['key']}"}
    first = service.http.put("/api/password", json={"password": PASSWORD}, headers=headers)
    assert code(first) == (403, "key-narrowed")
    assert code(service.http.post("/api/users/ada/password-reset", headers=headers)) == (403, "key-narrowed")
    assert code(sign_in(service, "root")) == (401, "wrong-password")


def test_the_first_password_comes_from_a_session_or_a_key_without_limits(service: Service) -> None:
    headers = {"Authorization": f"Bearer {ADMINISTRATOR}"}
    assert service.http.put("/api/password", json={"password": PASSWORD}, headers=headers).status_code == 200
    assert sign_in(service, "root").status_code == 201


def test_an_administrators_reset_counts_only_to_choose_another(service: Service) -> None:
    person(service)
    reset = service.post("/api/users/ada/password-reset", {})
    temporary = reset.json()["password"]
    assert code(sign_in(service)) == (401, "wrong-password")
    assert code(sign_in(service, password=temporary)) == (403, "password-must-change")
    assert sign_in(service, password=temporary, new_password="another password").status_code == 201
    assert sign_in(service, password="another password").status_code == 201
    assert code(sign_in(service, password=temporary)) == (401, "wrong-password")


def test_a_drawn_password_may_hold_the_name_by_chance_a_chosen_one_may_not() -> None:
    hashing, password, command = Hashing(MasterKey(bytes(32))), "0123ada456789", CommandId(uuid7())
    assert asyncio.run(hashing.sealed("ada", password, command))
    with pytest.raises(Unprocessable, match="not the user's name"):
        asyncio.run(hashing.chosen("ada", password, command))


def test_a_temporary_password_that_is_over_does_nothing(service: Service) -> None:
    person(service)
    mine = service.key("ada")
    temporary = service.post("/api/users/ada/password-reset", {}).json()["password"]
    stored = service.keys.held(PasswordStored, "password/ada")
    assert stored is not None
    service.keys.put(stored.key, replace(stored, temporary_until=Micros(1)))
    over = (401, "password-expired")
    assert code(sign_in(service, password=temporary, new_password="another password")) == over
    headers = {"Authorization": f"Bearer {mine}"}
    change = {"password": "another password", "current": temporary}
    assert code(service.http.put("/api/password", json=change, headers=headers)) == over
    assert code(service.post("/api/totp/removal", {"password": temporary}, mine)) == over


def test_nobody_but_administrators_resets(service: Service) -> None:
    person(service)
    mine = token(service)
    assert code(service.post("/api/users/root/password-reset", {}, mine)) == (403, "not-your-password")


def with_codes(service: Service) -> tuple[str, pyotp.TOTP, list[str]]:
    """A person who uses one-time codes: a token, their app, their recovery codes."""
    person(service)
    mine = token(service)
    enrolled = service.post("/api/totp", {}, mine).json()
    app = pyotp.TOTP(enrolled["secret"])
    assert enrolled["uri"].startswith("otpauth://totp/")
    assert code(service.post("/api/totp/confirmation", {"code": "000000"}, mine)) == (401, "wrong-code")
    confirmed = service.post("/api/totp/confirmation", {"code": app.now()}, mine)
    assert confirmed.status_code == 200, confirmed.text
    return mine, app, confirmed.json()["recovery_codes"]


def test_with_one_time_codes_the_password_alone_does_not_open(service: Service) -> None:
    _, app, _ = with_codes(service)
    assert code(sign_in(service)) == (401, "code-required")
    assert code(sign_in(service, code="123")) == (401, "wrong-code")
    now = int(time.time()) // STEP_S * STEP_S
    shown = app.at(now + STEP_S)
    assert sign_in(service, code=shown).status_code == 201
    assert code(sign_in(service, code=shown)) == (403, "code-used")
    assert code(sign_in(service, code=app.at(now - 10 * STEP_S))) == (401, "wrong-code")


def test_the_code_that_confirmed_the_app_is_spent(service: Service) -> None:
    person(service)
    mine = token(service)
    app = pyotp.TOTP(service.post("/api/totp", {}, mine).json()["secret"])
    shown = app.now()
    assert service.post("/api/totp/confirmation", {"code": shown}, mine).status_code == 200
    held = service.commands.world.state(Totp, None, "ada")
    assert held is not None
    assert app.at(held.totp_step * STEP_S) == shown


def test_a_recovery_code_that_signed_in_changes_neither_password_nor_codes(service: Service) -> None:
    mine, _, codes = with_codes(service)
    assert sign_in(service, code=codes[0]).status_code == 201
    headers = {"Authorization": f"Bearer {mine}"}
    change = {"password": "another password", "current": PASSWORD, "code": codes[0]}
    assert code(service.http.put("/api/password", json=change, headers=headers)) == (403, "code-used")
    removal = {"password": PASSWORD, "code": codes[0]}
    assert code(service.post("/api/totp/removal", removal, mine)) == (403, "code-used")
    assert code(sign_in(service)) == (401, "code-required")


def test_a_recovery_code_that_changed_the_password_does_not_sign_in(service: Service) -> None:
    mine, _, codes = with_codes(service)
    headers = {"Authorization": f"Bearer {mine}"}
    change = {"password": "another password", "current": PASSWORD, "code": codes[0]}
    assert service.http.put("/api/password", json=change, headers=headers).status_code == 200
    assert code(sign_in(service, password="another password", code=codes[0])) == (403, "code-used")


def test_a_change_of_password_sent_again_is_answered_again(service: Service) -> None:
    mine, _, codes = with_codes(service)
    headers = {"Authorization": f"Bearer {mine}", "Idempotency-Key": uuid7()}
    change = {"password": "another password", "current": PASSWORD, "code": codes[0]}
    answers = [service.http.put("/api/password", json=change, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["events"] == answers[1].json()["events"]


def test_a_spent_code_does_not_replace_a_temporary_password(service: Service) -> None:
    _, _, codes = with_codes(service)
    assert sign_in(service, code=codes[0]).status_code == 201
    temporary = service.post("/api/users/ada/password-reset", {}).json()["password"]
    chosen = {"password": temporary, "new_password": "another password"}
    assert code(sign_in(service, **chosen, code=codes[0])) == (403, "code-used")
    assert code(sign_in(service, password="another password", code=codes[1])) == (401, "wrong-password")
    assert sign_in(service, **chosen, code=codes[1]).status_code == 201


def test_what_is_made_for_one_person_is_made_for_nobody_else_under_the_same_command() -> None:
    master, command = MasterKey(bytes(32)), CommandId(uuid7())
    for make in (new_seed, mint):
        assert make("ada", master, command) == make("ada", master, command)
    seeds = {new_seed(user, master, command).secret for user in ("ada", "eve")}
    keys = {(key.key_id, key.secret) for key in (mint(user, master, command) for user in ("ada", "eve"))}
    codes = {one for user in ("ada", "eve") for one in recovery_codes(user, master, command)}
    assert (len(seeds), len(keys), len(codes)) == (2, 2, 20)


def test_temporary_passwords_under_one_command_differ(service: Service) -> None:
    key = {"Idempotency_Key": uuid7()}
    for user in ("ada", "zoe"):
        person(service, user)
    first = service.post("/api/users/ada/password-reset", {}, **key).json()["password"]
    service.commands.world.answers.clear()
    assert service.post("/api/users/zoe/password-reset", {}, **key).json()["password"] != first


def test_a_recovery_code_stands_in_once(service: Service) -> None:
    _, _, codes = with_codes(service)
    assert len(set(codes)) == 10
    assert sign_in(service, code=codes[0].upper()).status_code == 201
    assert code(sign_in(service, code=codes[0])) == (403, "code-used")
    assert sign_in(service, code=codes[1].replace("-", " ")).status_code == 201


def test_recovery_codes_are_kept_as_hashes() -> None:
    assert recovery_hash("ABCD-efgh") == recovery_hash("abcdefgh ")
    assert "abcd" not in recovery_hash("abcd")


def test_wrong_codes_lock_the_password_too(service: Service) -> None:
    with_codes(service)
    for _ in range(OF_PERSON):
        assert code(sign_in(service, code="000000")) == (401, "wrong-code")
    assert code(sign_in(service, code="000000")) == (429, "password-locked")


@pytest.mark.parametrize("shown", ["١٢٣٤٥٦", "\u00e9", ""])
def test_whatever_is_no_code_is_a_wrong_one(service: Service, shown: str) -> None:
    mine, _, codes = with_codes(service)
    for _ in range(OF_PERSON - 1):
        assert code(sign_in(service, code=shown)) == (401, "wrong-code")
    assert code(service.post("/api/totp/removal", {"password": PASSWORD, "code": shown}, mine)) == (401, "wrong-code")
    assert code(sign_in(service, code=codes[0])) == (429, "password-locked")


def test_half_a_character_is_no_text(service: Service) -> None:
    person(service)
    half = '{"user": "ada", "password": "correct horse battery", "code": "\\ud800"}'
    answer = service.http.post("/api/sessions", content=half, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_one_time_codes_are_removed_with_password_and_code(service: Service) -> None:
    mine, _, codes = with_codes(service)
    assert code(service.post("/api/totp/removal", {"password": PASSWORD}, mine)) == (401, "code-required")
    removal = {"password": PASSWORD, "code": codes[0]}
    assert service.post("/api/totp/removal", removal, mine).status_code == 200
    assert sign_in(service).status_code == 201


def test_an_administrator_removes_lost_codes(service: Service) -> None:
    with_codes(service)
    headers = {"Authorization": f"Bearer {ADMINISTRATOR}"}
    assert service.http.delete("/api/users/ada/totp", headers=headers).status_code == 200
    assert sign_in(service).status_code == 201


def test_a_cookie_signs_in_a_browser_but_no_page_of_another_site(service: Service) -> None:
    person(service)
    answer = sign_in(service, cookie=True)
    assert answer.json()["token"] is None
    set_cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=strict" in set_cookie
    service.http.cookies.clear()
    cookie = {"Cookie": set_cookie.partition(";")[0], "Content-Type": "application/json"}
    host = str(service.http.base_url).rstrip("/")
    same, other = {**cookie, "Origin": host}, {**cookie, "Origin": "https://evil.example"}
    assert code(service.http.post("/api/projects", content='{"project": "X"}', headers=same)) == WORKS
    assert code(service.http.post("/api/projects", content='{"project": "X"}', headers=other)) == (403, "cross-origin")


def test_an_idle_session_is_over_and_a_used_one_goes_on(service: Service) -> None:
    person(service)
    mine = token(service)
    key = f"session/{mine.partition('.')[0]}"
    stored = service.keys.held(SessionStored, key)
    assert stored is not None
    now = Micros(time.time_ns() // 1000)

    def idle(until: int) -> SessionStored:
        return SessionStored(
            user="ada",
            session_id=stored.session_id,
            token_hash=stored.token_hash,
            idle_until=Micros(until),
            ends=stored.ends,
        )

    service.keys.put(key, idle(now - 1))
    assert acts(service, mine) == (401, "invalid-session")
    service.keys.put(key, idle(now + 60_000_000))
    assert acts(service, mine) == WORKS
    extended = service.keys.held(SessionStored, key)
    assert extended is not None
    assert extended.idle_until >= now + IDLE_US


def test_ones_sessions_are_listed(service: Service) -> None:
    person(service)
    mine = token(service)
    other = token(service)
    headers = {"Authorization": f"Bearer {mine}"}
    rows = service.http.get("/api/sessions", headers=headers).json()
    assert {(row["session_id"], row["current"]) for row in rows} == {
        (mine.partition(".")[0], True),
        (other.partition(".")[0], False),
    }
    assert service.http.delete(f"/api/sessions/{other.partition('.')[0]}", headers=headers).status_code == 200
    assert acts(service, other) == (401, "invalid-session")
