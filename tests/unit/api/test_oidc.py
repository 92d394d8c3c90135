"""Single sign-on: who comes in by a provider that tells the truth, and who does not by one that lies."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from tests.unit.api.in_memory import Service
from tests.unit.api.providing import CLIENT, LyingProvider, new_key, providing

from headrace_api.identities.proven import Proven
from headrace_api.oidc.flow import Code, Flow, begun, challenge_of
from headrace_api.oidc.id_token import signing_keys
from headrace_api.oidc.provider import AGAIN_S, KNOWN_S, Provider
from headrace_api.oidc.routes import COOKIE
from headrace_api.oidc.settings import OidcSettings
from headrace_api.sessions.attempts import OF_ADDRESS
from headrace_events.identity import IdentityStored, RegisterWithIdentity
from headrace_events.ids import CommandId, Micros
from headrace_events.personal import sealed_for
from headrace_events.session import StartSession
from headrace_events.user import ApproveUser, CreateUser, DeactivateUser, RejectUser

VERIFIER = "v" * 43
PROGRAM: dict[str, Any] = {"port": 4321, "state": "s" * 16, "challenge": challenge_of(VERIFIER)}


@dataclass(slots=True)
class Browser:
    """Somebody at a browser, between the platform and the provider."""

    service: Service
    says: LyingProvider
    now: float = 0.0

    def configure(self, **settings: Any) -> None:
        """Let the API be told this of the provider."""
        told = OidcSettings(issuer=self.says.url, client_id=CLIENT, **settings)
        app = self.service.app
        app.state.context = replace(
            self.service.http_context(), oidc=Provider(told, "http://api.example", clock=lambda: self.now)
        )

    def begin(self, **query: Any) -> tuple[dict[str, str], str]:
        """What the provider is asked, and the cookie that this browser then has."""
        answer = self.service.http.get("/api/oidc/sign-in", params=query)
        assert answer.status_code == 303, answer.text
        asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        self.says.sends_to(asked)
        cookie = answer.cookies[COOKIE]
        self.service.http.cookies.clear()
        return asked, cookie

    def back(self, cookie: str | None, **query: str) -> httpx.Response:
        """The browser comes back from the provider."""
        headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie is not None else {}
        answer = self.service.http.get("/api/oidc/callback", params=query, headers=headers)
        self.service.http.cookies.clear()
        return answer

    def sign_in(self) -> httpx.Response:
        """All of it."""
        asked, cookie = self.begin()
        return self.back(cookie, state=asked["state"], code="good")

    def code(self) -> str:
        """What a program's loopback address is given."""
        asked, cookie = self.begin(**PROGRAM)
        return told_program(self.back(cookie, state=asked["state"], code="good"))["code"]

    def show(self, code: str, verifier: str = VERIFIER) -> httpx.Response:
        """A program shows its code."""
        return self.service.http.post("/api/oidc/sessions", json={"code": code, "verifier": verifier})


def told_program(answer: httpx.Response) -> dict[str, str]:
    """What the browser tells the program that waits."""
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(f"http://127.0.0.1:{PROGRAM['port']}/?")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == [PROGRAM["state"]]
    return {name: values[0] for name, values in query.items()}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


@pytest.fixture
def browser(service: Service) -> Iterator[Browser]:
    with providing() as says:
        at = Browser(service, says)
        at.configure()
        yield at
        service.app.state.context = replace(service.http_context(), oidc=None)


@pytest.fixture
def ada(browser: Browser) -> Browser:
    """Ada's identity is hers, and she is let in."""
    assert code(browser.sign_in()) == (403, "registered")
    browser.service.do(ApproveUser(user="ada"))
    return browser


def test_an_unknown_person_is_registered_and_comes_in_once_approved(browser: Browser) -> None:
    assert code(browser.sign_in()) == (403, "registered")
    assert code(browser.sign_in()) == (409, "user-not-active")
    browser.service.do(ApproveUser(user="ada"))
    answer = browser.sign_in()
    assert (answer.status_code, "signed in as ada" in answer.text) == (200, True)
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=strict" in answer.headers["set-cookie"]


def test_where_unknown_people_are_refused_nobody_is_registered(browser: Browser) -> None:
    browser.configure(registers=False)
    assert code(browser.sign_in()) == (403, "unknown-identity")
    assert not any(isinstance(sent.command, RegisterWithIdentity) for sent in browser.service.commands.taken)


def test_who_was_shut_out_or_turned_away_does_not_come_in(ada: Browser) -> None:
    ada.service.do(DeactivateUser(user="ada"))
    assert code(ada.sign_in()) == (409, "user-not-active")
    ada.says.claims = {"sub": "subject-2", "preferred_username": "zoe"}
    assert code(ada.sign_in()) == (403, "registered")
    ada.service.do(RejectUser(user="zoe"))
    assert ada.service.keys.all_of(IdentityStored)[0].user == "ada"
    assert len(ada.service.keys.all_of(IdentityStored)) == 1


def test_a_name_elsewhere_is_not_that_person_here(browser: Browser) -> None:
    browser.service.key("ada")
    browser.says.claims = {"email": "ada@example.com", "email_verified": True}
    assert code(browser.sign_in()) == (403, "name-taken")


@pytest.mark.parametrize(
    ("claims", "comes_in"),
    [
        ({"email": "ada@example.com", "email_verified": True}, True),
        ({"email": "Ada@EXAMPLE.com", "email_verified": True}, True),
        ({"email": "ada@example.com", "email_verified": False}, False),
        ({"email": "ada@example.com", "email_verified": "true"}, False),
        ({"email": "ada@example.com"}, False),
        ({"email": "ada@example.com.evil.com", "email_verified": True}, False),
        ({"email": "ada@example.com@evil.com", "email_verified": True}, False),
        ({"email": "\u0430da@example.com", "email_verified": True}, False),
        ({"email": "ada", "email_verified": True}, False),
    ],
)
def test_a_verified_address_is_the_persons_where_the_setting_says_so(
    browser: Browser, claims: dict[str, Any], comes_in: bool
) -> None:
    browser.service.key("ada")
    browser.configure(domains=frozenset({"example.com"}), links_by_email=True)
    browser.says.claims = claims
    answer = browser.sign_in()
    assert answer.status_code == (200 if comes_in else 403), answer.text
    if not comes_in:
        assert answer.json()["code"] == "domain-not-allowed"


def test_an_address_that_only_resembles_a_name_is_not_that_persons(browser: Browser) -> None:
    browser.service.key("ada-b")
    browser.configure(domains=frozenset({"example.com"}), links_by_email=True)
    browser.says.claims = {"email": "ada.b@example.com", "email_verified": True}
    answer = browser.sign_in()
    assert answer.status_code >= 400, answer.text
    assert browser.service.keys.all_of(IdentityStored) == []


def test_neither_what_the_provider_calls_somebody_nor_their_address_is_kept(ada: Browser) -> None:
    ada.says.claims = {"sub": "subject-of-zoe", "preferred_username": "zoe", "email": "zoe@example.com"}
    assert code(ada.sign_in()) == (403, "registered")
    kept = repr([sent.command for sent in ada.service.commands.taken]) + repr(ada.service.audit.acts)
    assert "subject-of-zoe" not in kept
    assert "zoe@example.com" not in kept


def test_where_somebody_comes_in_from_for_the_first_time_is_told_sealed(browser: Browser) -> None:
    browser.service.do(CreateUser(user="bob"))
    browser.configure(domains=frozenset({"example.com"}), links_by_email=True)
    browser.says.claims = {"sub": "subject-2", "email": "bob@example.com", "email_verified": True}
    assert browser.sign_in().status_code == 200
    browser.configure()
    browser.says.claims = {}
    assert code(browser.sign_in()) == (403, "registered")
    context = browser.service.http_context()
    context.trail.tell_rest()
    assert all(taken.address is None for taken in browser.service.commands.taken)
    told = {
        (act.act, act.code, act.subject, act.address and sealed_for(act.address)) for act in browser.service.audit.acts
    }
    assert {
        ("identity.receive", "", "user/bob", "bob"),
        ("session.start", "", "user/bob", "bob"),
        ("registration.receive", "", "user/ada", "ada"),
        ("session.start", "registered", "user/ada", "ada"),
    } <= told


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "another"},
    "another audience beside ours": {"aud": [CLIENT, "another"]},
    "made for another": {"azp": "another"},
    "another issuer": {"iss": "https://evil.example"},
    "over": {"exp": int(time.time()) - 3_600},
    "no end": {"exp": None},
    "of the future": {"iat": int(time.time()) + 3_600},
    "of nobody": {"sub": None},
    "of an empty name": {"sub": ""},
    "of a number": {"sub": 7},
}


@pytest.mark.parametrize("claims", LIES.values(), ids=LIES.keys())
def test_a_token_that_is_not_of_this_sign_in_does_not_count(ada: Browser, claims: dict[str, Any]) -> None:
    ada.says.claims = claims
    assert code(ada.sign_in()) == (401, "wrong-token")


def test_a_header_may_say_more_but_not_that_it_must_be_understood(ada: Browser) -> None:
    ada.says.header = {"of-our-own": "x" * 300}
    assert ada.sign_in().status_code == 200
    ada.says.header = {"of-our-own": "x", "crit": ["of-our-own"]}
    assert code(ada.sign_in()) == (401, "wrong-token")


def test_an_unsigned_token_does_not_count(ada: Browser) -> None:
    asked, cookie = ada.begin()
    _, body, _ = ada.says.id_token().split(".")
    for header in ({"alg": "none"}, {"alg": "None", "kid": "first"}, {"alg": ""}):
        head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        for signature in ("", "AAAA"):
            ada.says.token = f"{head}.{body}.{signature}"
            assert code(ada.back(cookie, state=asked["state"], code="good")) == (401, "wrong-token")


def test_a_token_signed_with_the_published_key_as_a_shared_secret_does_not_count(ada: Browser) -> None:
    asked, cookie = ada.begin()
    public = json.dumps(ada.says.keys[0].as_dict(private=False)).encode()
    claims: dict[str, Any] = {"iss": ada.says.url, "sub": "subject-1", "aud": CLIENT, "nonce": asked["nonce"]}
    claims |= {"iat": int(time.time()), "exp": int(time.time()) + 60}
    ada.says.token = jwt.encode({"alg": "HS256", "kid": "first"}, claims, OctKey.import_key(public))
    assert code(ada.back(cookie, state=asked["state"], code="good")) == (401, "wrong-token")


def test_a_token_signed_by_somebody_else_does_not_count(ada: Browser) -> None:
    asked, cookie = ada.begin()
    true, ada.says.keys = ada.says.keys, [new_key("first")]
    ada.says.token = ada.says.id_token()
    ada.says.keys = true
    assert code(ada.back(cookie, state=asked["state"], code="good")) == (401, "wrong-token")


@pytest.mark.parametrize("token", ["x", "a.b.c", "", "." * 100, "e30.e30.", "x" * 100_000])
def test_what_is_no_token_does_not_count(ada: Browser, token: str) -> None:
    ada.says.token = token or " "
    assert code(ada.sign_in()) == (401, "wrong-token")


def test_keys_that_change_are_read_again_but_not_for_every_stranger(ada: Browser) -> None:
    ada.says.keys = [new_key("second")]
    assert code(ada.sign_in()) == (401, "wrong-token"), "they were read a moment ago"
    ada.now += AGAIN_S + 1
    assert ada.sign_in().status_code == 200
    ada.says.keys = [new_key("third"), *ada.says.keys]
    assert ada.sign_in().status_code == 200, "the second is still one of them"
    ada.says.header = {"kid": "nobodys"}
    assert code(ada.sign_in()) == (401, "wrong-token")


UNREADABLE: dict[str, dict[str, Any]] = {
    "of an unknown curve": {"kty": "EC", "crv": "brainpoolP256r1", "x": "AA", "y": "AA"},
    "of another unknown curve": {"kty": "OKP", "crv": "Ed1", "x": "AA"},
    "off its curve": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    "of nothing": {"kty": "RSA"},
    "of no text": {"kty": "RSA", "n": 7, "e": None},
    "to encrypt with": {"kty": "RSA", "n": "AQAB", "e": "AQAB", "key_ops": ["encrypt"]},
}


@pytest.mark.parametrize("unreadable", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_key_that_cannot_be_read_ends_no_sign_in(unreadable: dict[str, Any]) -> None:
    good = new_key("good").as_dict(private=False)
    assert signing_keys({"keys": [{"kid": "bad", **unreadable}, good]}).keys() == {"good"}


def test_a_provider_that_is_away_is_asked_once_in_a_while(browser: Browser) -> None:
    browser.says.metadata = {"issuer": "https://evil.example"}
    for _ in range(3):
        answer = browser.service.http.get("/api/oidc/sign-in")
        assert code(answer) == (503, "provider-unavailable")
        assert "evil.example" in answer.json()["message"]
    assert browser.says.asked == ["metadata"]
    browser.says.metadata = {}
    browser.now += AGAIN_S + 1
    assert browser.service.http.get("/api/oidc/sign-in").status_code == 303


def test_all_who_wait_for_the_provider_are_answered_by_one_request(browser: Browser) -> None:
    provider = Provider(OidcSettings(issuer=browser.says.url, client_id=CLIENT), "")

    async def together() -> None:
        await asyncio.gather(*(provider.address(begun(Micros(1))) for _ in range(5)))

    asyncio.run(together())
    assert browser.says.asked == ["metadata", "keys"]


def test_keys_that_the_provider_took_back_count_no_longer(ada: Browser) -> None:
    asked, cookie = ada.begin()
    ada.says.token = ada.says.id_token()
    ada.says.keys = [new_key("second")]
    ada.now += KNOWN_S + 1
    assert code(ada.back(cookie, state=asked["state"], code="good")) == (401, "wrong-token")


def test_an_answer_counts_for_the_browser_that_asked_and_for_its_last_question(ada: Browser) -> None:
    first, cookie = ada.begin()
    second, later = ada.begin()
    over = (401, "sign-in-over")
    assert code(ada.back(None, state=first["state"], code="good")) == over
    assert code(ada.back(later, state=first["state"], code="good")) == over
    assert code(ada.back(cookie, state=second["state"], code="good")) == over
    assert code(ada.back(later, code="good")) == over
    assert code(ada.back(later[:-4] + "AAAA", state=second["state"], code="good")) == over
    assert ada.back(later, state=second["state"], code="good").status_code == 200


def test_a_flow_has_one_session_however_often_it_is_replayed(ada: Browser) -> None:
    asked, cookie = ada.begin()
    assert ada.back(cookie, state=asked["state"], code="good").status_code == 200
    assert code(ada.back(cookie, state=asked["state"], code="good")) == (401, "sign-in-over")
    shown = ada.code()
    assert ada.show(shown).status_code == 201
    assert code(ada.show(shown)) == (401, "sign-in-over")


def test_a_code_of_another_sign_in_is_refused_by_its_verifier(ada: Browser) -> None:
    asked, cookie = ada.begin()
    ada.says.challenge = challenge_of("of somebody else's sign-in")
    assert code(ada.back(cookie, state=asked["state"], code="good")) == (401, "code-refused")
    assert code(ada.back(cookie, state=asked["state"], code="stolen")) == (401, "code-refused")


def test_an_answer_of_another_provider_is_refused(ada: Browser) -> None:
    asked, cookie = ada.begin()
    mixed_up = (401, "wrong-issuer")
    assert code(ada.back(cookie, state=asked["state"], code="good", iss="https://evil.example")) == mixed_up
    ada.says.metadata = {"authorization_response_iss_parameter_supported": True}
    ada.configure()
    assert code(ada.back(cookie, state=asked["state"], code="good")) == mixed_up
    assert ada.back(cookie, state=asked["state"], code="good", iss=ada.says.url).status_code == 200


@pytest.mark.parametrize("metadata", [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example"}])
def test_a_provider_that_is_another_or_unsafe_is_not_asked(browser: Browser, metadata: dict[str, str]) -> None:
    browser.says.metadata = metadata
    browser.configure()
    assert code(browser.service.http.get("/api/oidc/sign-in")) == (503, "provider-unavailable")


def test_a_provider_that_is_away_is_named(browser: Browser) -> None:
    settings = OidcSettings(issuer="http://127.0.0.1:1", client_id=CLIENT)
    context = browser.service.http_context()
    browser.service.app.state.context = replace(context, oidc=Provider(settings, ""))
    answer = browser.service.http.get("/api/oidc/sign-in")
    assert code(answer) == (503, "provider-unavailable")
    assert "http://127.0.0.1:1" in answer.json()["message"]


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "\\/evil.example", "/a\r\nb"],
)
def test_the_browser_goes_on_to_no_other_site(browser: Browser, to: str) -> None:
    assert code(browser.service.http.get("/api/oidc/sign-in", params={"to": to})) == (422, "invalid-request")


def test_the_browser_goes_on_to_a_page_of_this_site(ada: Browser) -> None:
    asked, cookie = ada.begin(to="/projects/flights?tab=topics")
    answer = ada.back(cookie, state=asked["state"], code="good")
    assert 'content="0; url=/projects/flights?tab=topics"' in answer.text


@pytest.mark.parametrize(
    "query", [{"port": 80}, {"port": 4321}, {**PROGRAM, "port": 70_000}, {**PROGRAM, "challenge": "short"}]
)
def test_a_program_says_all_of_where_it_waits(browser: Browser, query: dict[str, Any]) -> None:
    assert browser.service.http.get("/api/oidc/sign-in", params=query).status_code == 422


def test_a_program_signs_in_with_the_code_that_only_it_can_use(ada: Browser) -> None:
    shown = ada.code()
    assert code(ada.show(shown, "w" * 43)) == (401, "sign-in-over")
    assert code(ada.show(shown[:-4] + "AAAA")) == (401, "sign-in-over")
    answer = ada.show(shown)
    assert answer.status_code == 201, answer.text
    assert answer.json()["user"] == "ada"
    started = [sent.command for sent in ada.service.commands.taken if isinstance(sent.command, StartSession)]
    assert started[-1].by == "oidc"
    assert ada.service.post("/api/projects", {"project": "No"}, answer.json()["token"]).status_code == 422


def test_a_program_is_told_why_not(ada: Browser) -> None:
    ada.says.claims = {"nonce": "another"}
    asked, cookie = ada.begin(**PROGRAM)
    assert told_program(ada.back(cookie, state=asked["state"], code="good"))["error"] == "wrong-token"
    ada.says.claims = {}
    asked, cookie = ada.begin(**PROGRAM)
    told = told_program(ada.back(cookie, state=asked["state"], error="access_denied<script>"))
    assert (told["error"], "access_denied" in told["message"], "<" in told["message"]) == (
        "provider-refused",
        True,
        False,
    )


def test_what_took_too_long_is_over(ada: Browser) -> None:
    asked, cookie = ada.begin()
    master = ada.service.http_context().master
    flow = Flow(id=CommandId("-"), state="x", nonce="", verifier="", expires=Micros(1))
    assert code(ada.back(flow.sealed(master), state="x", code="good")) == (401, "sign-in-over")
    held = ada.service.keys.all_of(IdentityStored)[0]
    proven = proven_of(held)
    late = Code(id=flow.id, proven=proven, challenge=challenge_of(VERIFIER), expires=Micros(1))
    assert code(ada.show(late.sealed(master))) == (401, "sign-in-over")
    assert code(ada.show(cookie)) == (401, "sign-in-over"), "a flow is no code"
    assert ada.back(cookie, state=asked["state"], code="good").status_code == 200


def proven_of(held: IdentityStored) -> Proven:
    return Proven(provider=held.provider, identity=held.identity, name="ada", vouched=False, registers=False)


def test_what_the_token_lacks_is_asked_for_and_must_be_of_the_same_person(browser: Browser) -> None:
    browser.says.claims = {"preferred_username": None}
    assert code(browser.sign_in()) == (403, "no-name")
    browser.says.userinfo = {"sub": "subject-2", "preferred_username": "bob"}
    browser.configure()
    assert code(browser.sign_in()) == (401, "wrong-token")
    browser.says.userinfo = {"sub": "subject-1", "preferred_username": "Ada.L"}
    answer = browser.sign_in()
    assert (code(answer), answer.json()["details"]) == ((403, "registered"), {"user": "ada-l"})


def test_that_an_address_was_verified_counts_for_that_address_alone(browser: Browser) -> None:
    browser.service.key("ada")
    browser.configure(domains=frozenset({"example.com"}), links_by_email=True)
    browser.says.claims = {"email": "ada@example.com"}
    browser.says.userinfo = {"sub": "subject-1", "email": "bob@elsewhere.example", "email_verified": True}
    assert code(browser.sign_in()) == (403, "domain-not-allowed")
    browser.says.userinfo = {"sub": "subject-1", "email": "ada@example.com", "email_verified": True}
    assert browser.sign_in().status_code == 200


def test_what_any_page_can_make_a_browser_send_locks_no_address(ada: Browser) -> None:
    for _ in range(OF_ADDRESS + 1):
        assert code(ada.back(None, state="x", code="x")) == (401, "sign-in-over")
    assert ada.sign_in().status_code == 200


def test_an_address_that_proves_nothing_too_often_waits(ada: Browser) -> None:
    for _ in range(OF_ADDRESS):
        assert code(ada.show("nothing")) == (401, "sign-in-over")
    assert code(ada.show("nothing")) == (429, "too-many-failures")
    assert code(ada.sign_in()) == (429, "too-many-failures")


def test_every_way_in_and_every_failure_is_in_the_trail(ada: Browser) -> None:
    ada.service.audit.acts.clear()
    ada.sign_in()
    ada.says.claims = {"nonce": "another"}
    ada.sign_in()
    asked, cookie = ada.begin(**PROGRAM)
    ada.back(cookie, state=asked["state"], code="good")
    told = [(act.act, act.outcome.value, act.code, act.subject) for act in ada.service.audit.acts]
    failed = ("session.start", "refused", "wrong-token", "user/unknown")
    assert told == [("session.start", "accepted", "", "user/ada"), failed, failed]
    assert ada.service.audit.acts[0].details == {"by": "oidc", "provider": ada.says.url}


def test_linking_takes_the_person_their_password_and_a_code(ada: Browser) -> None:
    password = "correct horse battery"
    ada.service.http.post("/api/registrations", json={"user": "bob", "password": password})
    ada.service.do(ApproveUser(user="bob"))
    token = ada.service.http.post("/api/sessions", json={"user": "bob", "password": password}).json()["token"]
    ada.says.claims = {"sub": "subject-2", "preferred_username": "robert"}
    shown = {"code": ada.code(), "verifier": VERIFIER}
    assert code(ada.service.post("/api/identities", shown, token)) == (401, "wrong-password")
    assert ada.service.post("/api/identities", {**shown, "password": password}, token).status_code == 201
    answer = ada.show(ada.code())
    assert answer.json()["user"] == "bob"
    listed = ada.service.http.get("/api/identities", headers={"Authorization": f"Bearer {token}"}).json()
    assert [row["provider"] for row in listed] == [ada.says.url]
    gone = ada.service.http.delete(
        f"/api/identities/{listed[0]['identity']}", headers={"Authorization": f"Bearer {token}"}
    )
    assert gone.status_code == 200
    assert ada.show(ada.code()).json()["code"] == "registered"


def test_who_has_no_password_shows_a_code_for_what_lasts(ada: Browser) -> None:
    service, mine = ada.service, ada.show(ada.code()).json()["token"]
    headers = {"Authorization": f"Bearer {mine}"}
    app = pyotp.TOTP(service.post("/api/totp", {}, mine).json()["secret"])
    codes = service.post("/api/totp/confirmation", {"code": app.now()}, mine).json()["recovery_codes"]
    ada.says.claims = {"sub": "subject-2"}
    link, password = {"code": ada.code(), "verifier": VERIFIER}, {"password": "correct horse battery"}
    assert code(service.post("/api/identities", link, mine)) == (401, "code-required")
    assert code(service.post("/api/identities", {**link, "one_time_code": "000000"}, mine)) == (401, "wrong-code")
    assert code(service.http.put("/api/password", json=password, headers=headers)) == (401, "code-required")
    wrong = service.http.put("/api/password", json={**password, "code": "000000"}, headers=headers)
    assert code(wrong) == (401, "wrong-code")
    assert code(service.post("/api/totp/removal", {}, mine)) == (401, "code-required")
    assert service.post("/api/identities", {**link, "one_time_code": codes[0]}, mine).status_code == 201
    assert service.post("/api/totp/removal", {"code": codes[1]}, mine).status_code == 200
    assert service.http.put("/api/password", json=password, headers=headers).status_code == 200


def test_another_persons_identity_is_not_linked(ada: Browser) -> None:
    shown = {"code": ada.code(), "verifier": VERIFIER}
    assert code(ada.service.post("/api/identities", shown, ada.service.key("bob"))) == (409, "identity-taken")


@pytest.mark.parametrize("narrow", [{"scopes": ["account"]}, {"expires": 2**52}])
def test_a_key_that_gives_less_than_signing_in_links_nothing(ada: Browser, narrow: dict[str, Any]) -> None:
    key = ada.service.post("/api/keys", narrow).json()["key"]
    shown = {"code": ada.code(), "verifier": VERIFIER}
    assert code(ada.service.post("/api/identities", shown, key)) == (403, "key-narrowed")


def test_browsers_may_find_the_api_elsewhere_than_programs(ada: Browser) -> None:
    browser = ada
    browser.configure(public_url="https://headrace.example")
    cookies = [given for given in browser.sign_in().headers.get_list("set-cookie") if "headrace_session=" in given]
    assert ["Secure" in given for given in cookies] == [True]
    answer = browser.service.http.get("/api/oidc/sign-in")
    (callback,) = parse_qs(urlsplit(answer.headers["location"]).query)["redirect_uri"]
    assert callback == "https://headrace.example/api/oidc/callback"
    assert "Secure" in answer.headers["set-cookie"]
    start = browser.service.http.get("/api/oidc").json()["start"]
    assert start == "https://headrace.example/api/oidc/sign-in"


def test_without_a_provider_it_says_so(service: Service) -> None:
    for path in ("", "/sign-in", "/callback"):
        assert code(service.http.get(f"/api/oidc{path}")) == (404, "no-single-sign-on")


ISSUER = {"HEADRACE_OIDC_ISSUER": "https://login.example", "HEADRACE_OIDC_CLIENT_ID": "headrace"}


def test_settings_say_what_cannot_be() -> None:
    assert OidcSettings.read({}) is None
    read = OidcSettings.read({**ISSUER, "HEADRACE_OIDC_SCOPES": "email", "HEADRACE_OIDC_UNKNOWN": "refuse"})
    assert read is not None
    assert (read.scopes, read.registers) == (("openid", "email"), False)
    for wrong in (
        {"HEADRACE_OIDC_ISSUER": "http://login.example"},
        {"HEADRACE_OIDC_UNKNOWN": "maybe"},
        {"HEADRACE_OIDC_LINK_BY_EMAIL": "yes"},
        {"HEADRACE_OIDC_PUBLIC_URL": "http://headrace.example"},
        {"HEADRACE_OIDC_EMAIL_DOMAIN": "example.com"},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            OidcSettings.read({**ISSUER, **wrong})
