"""Single sign-on at a real provider and with a real directory, on a running platform."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import httpx
import pytest
from tests.integration.clients import eventually
from tests.integration.served import ADMINISTRATOR_KEY, Served, unique
from tests.integration.sso.provider import CLIENT, SECRET, Person, running_provider
from tests.integration.sso.slapd import BASE, PASSWORD, READER, READER_PASSWORD, Slapd
from tests.integration.stack import CACHE

import headrace


def free_address() -> str:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def api(served: Served, slapd: Slapd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One more API of the platform, which knows a provider and a directory."""
    listen, folder = free_address(), tmp_path_factory.mktemp("sso")
    secret, log = folder / "client.secret", folder / "api.log"
    secret.write_text(SECRET)
    (folder / "reader.password").write_text(READER_PASSWORD)
    with running_provider(CACHE, f"http://{listen}/api/oidc/callback") as issuer:
        told = {
            **served.platform.stack.site.environment("api"),
            "HEADRACE_LISTEN": listen,
            "HEADRACE_API": f"http://{listen}",
            "HEADRACE_OIDC_ISSUER": issuer,
            "HEADRACE_OIDC_CLIENT_ID": CLIENT,
            "HEADRACE_OIDC_CLIENT_SECRET_FILE": str(secret),
            "HEADRACE_LDAP_URL": f"ldap://127.0.0.1:{slapd.plain}",
            "HEADRACE_LDAP_BASE": BASE,
            "HEADRACE_LDAP_BIND_DN": READER,
            "HEADRACE_LDAP_BIND_PASSWORD_FILE": str(folder / "reader.password"),
            "HEADRACE_LDAP_CA_FILE": str(slapd.authorities),
        }
        command = [sys.executable, "-m", "headrace_api.main"]
        with log.open("w") as said, subprocess.Popen(command, env={**os.environ, **told}, stderr=said) as process:

            def answers() -> bool | None:
                assert process.poll() is None, log.read_text()
                try:
                    return httpx.get(f"http://{listen}/healthz").is_success or None
                except httpx.TransportError:
                    return None

            try:
                eventually(answers, "the API to answer", 90)
                yield f"http://{listen}"
            finally:
                process.terminate()


def administrator_at(api: str) -> headrace.Platform:
    """The platform as its administrator, who waits for what this very API has to know."""
    return headrace.connect(host=api, api_key=ADMINISTRATOR_KEY)


def opened_by(person: Person) -> Callable[[str], None]:
    """What brings an address before that person."""
    return lambda address: Thread(target=person.open, args=(address,), daemon=True).start()


def test_a_person_comes_in_by_the_provider_once_approved(served: Served, api: str) -> None:
    name = unique()
    person = Person(name)
    with pytest.raises(headrace.Forbidden, match="registered"):
        headrace.sign_in_with_browser(host=api, show=opened_by(person), seconds=60)
    with administrator_at(api) as administrator:
        administrator.get_users_api().approve(name)
    session = headrace.sign_in_with_browser(host=api, show=opened_by(person), seconds=60)
    headers = {"Authorization": f"Bearer {session.token}"}
    eventually(lambda: served.http.get("/api/whoami", headers=headers).is_success or None, "the other API to know it")
    with headrace.connect(host=api, api_key=session.token) as signed_in:
        assert signed_in.user == name
        account = signed_in.get_account_api()
        (identity,) = account.get_identities()
        account.unlink_identity(identity["identity"])
    with pytest.raises(headrace.Forbidden, match="sign in another way"):
        headrace.sign_in_with_browser(host=api, show=opened_by(person), seconds=60)
    with administrator_at(api) as administrator:
        administrator.get_users_api().deactivate(name)


def test_a_browser_gets_a_cookie_and_a_deactivated_person_nothing(served: Served, api: str) -> None:
    name = unique()
    person = Person(name)
    assert person.open(f"{api}/api/oidc/sign-in").json()["code"] == "registered"
    with administrator_at(api) as administrator:
        administrator.get_users_api().approve(name)
        page = person.open(f"{api}/api/oidc/sign-in")
        assert f"signed in as {name}" in page.text
        with httpx.Client(cookies=person.cookies) as browser:
            assert browser.get(f"{api}/api/whoami").json()["user"] == name
            administrator.get_users_api().deactivate(name)
            eventually(lambda: browser.get(f"{api}/api/whoami").status_code == 401 or None, "the end of the session")
    assert person.open(f"{api}/api/oidc/sign-in").json()["code"] == "user-not-active"


def test_somebody_with_a_key_links_an_identity_and_signs_in_on_the_command_line(
    served: Served, api: str, tmp_path: Path
) -> None:
    name = unique()
    person = Person(f"{name}-elsewhere")
    with headrace.connect(host=api, api_key=lasting_key(served, api, name)) as signed_in:
        signed_in.get_account_api().link_identity(show=opened_by(person), seconds=60)
    with command_line(api, tmp_path, "login", "--sso", "--no-browser") as process:
        assert process.stderr is not None
        address = next(found for line in process.stderr if (found := re.search(r"http\S+", line)))
        assert "window can be closed" in person.open(address.group()).text
        said, _ = process.communicate(timeout=60)
    assert (process.returncode, said.strip()) == (0, f"signed in as {name} at {api}")


def test_somebody_with_a_key_links_their_entry_in_the_directory_and_signs_in_with_its_password(
    served: Served, api: str, tmp_path: Path
) -> None:
    name = unique()
    with headrace.connect(host=api, api_key=lasting_key(served, api, name)) as signed_in:
        signed_in.get_account_api().link_directory("zoe-fischer", PASSWORD)
    with command_line(api, tmp_path, "login", "zoe-fischer", "--ldap", "--password-stdin") as process:
        said, why = process.communicate(PASSWORD + "\n", timeout=60)
    assert (process.returncode, said.strip()) == (0, f"signed in as {name} at {api}"), why
    with pytest.raises(headrace.NotSignedIn, match="password is another"):
        headrace.sign_in("zoe-fischer", "wrong", host=api, directory=True)


def lasting_key(served: Served, api: str, name: str) -> str:
    """A key without limits of a new person, which that API knows."""
    served.platform.user(name)
    with administrator_at(api) as administrator:
        key: str = administrator.issue_key(name).key
        return key


def command_line(api: str, home: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command, running in a home where nobody has ever signed in."""
    bare = {variable: value for variable, value in os.environ.items() if not variable.startswith("HEADRACE_")}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "headrace_cli.main", *arguments],
        env={**bare, "HEADRACE_HOME": str(home), "HEADRACE_API": api},
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    )


def test_a_platform_without_a_provider_says_so(served: Served) -> None:
    with pytest.raises(headrace.NotFound, match="not set up"):
        headrace.sign_in_with_browser(host=served.url, show=print, seconds=1)
