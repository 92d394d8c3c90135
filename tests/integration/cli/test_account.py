"""Signing in from the command line, on a running platform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyotp
import pytest
from tests.integration.clients import eventually
from tests.integration.served import Served, unique

import headrace

PASSWORD = "correct horse battery"


def run(served: Served, home: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """The finished command, in a home where nobody has ever signed in, with these lines typed."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    return subprocess.run(
        [sys.executable, "-m", "headrace_cli.main", *arguments],
        env={**bare, "HEADRACE_HOME": str(home), "HEADRACE_API": served.url},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_person_registers_signs_in_works_and_signs_out(served: Served, tmp_path: Path) -> None:
    name = unique()
    registered = run(served, tmp_path, "user", "register", name, "--password-stdin", typed=PASSWORD + "\n")
    assert registered.returncode == 0, registered.stderr
    with served.administrator() as administrator:
        administrator.get_users_api().approve(name)
    refused = run(served, tmp_path, "login", name, "--password-stdin", typed="wrong\n")
    assert (refused.returncode, "wrong-password" in refused.stderr) == (1, True)
    signed_in = run(served, tmp_path, "login", name, "--password-stdin", "--json", typed=PASSWORD + "\n")
    assert signed_in.returncode == 0, signed_in.stderr
    assert Path(json.loads(signed_in.stdout)["file"]).stat().st_mode & 0o777 == 0o600
    assert run(served, tmp_path, "whoami").stdout.strip() == name
    assert run(served, tmp_path, "logout").returncode == 0
    assert run(served, tmp_path, "whoami").returncode == 1


def test_a_person_erases_themselves_with_their_password(served: Served, tmp_path: Path) -> None:
    name = unique()
    headrace.register(name, served.url, PASSWORD)
    with served.administrator() as administrator:
        administrator.get_users_api().approve(name)
    assert run(served, tmp_path, "login", name, "--password-stdin", typed=PASSWORD + "\n").returncode == 0
    erase = ("people", "erase", name, "--confirm", name, "--password-stdin")
    refused = run(served, tmp_path, *erase, typed="wrong\n")
    assert (refused.returncode, "wrong-password" in refused.stderr) == (1, True)
    erased = run(served, tmp_path, *erase, typed=PASSWORD + "\n")
    assert (erased.returncode, erased.stdout) == (0, f"user {name} is erased\n"), erased.stderr
    assert run(served, tmp_path, "whoami").returncode == 1


def test_codes_locks_and_resets_hold_on_the_log(served: Served) -> None:
    name = unique()
    headrace.register(name, served.url, PASSWORD)
    with served.administrator() as administrator:
        users = administrator.get_users_api()
        users.approve(name)
        session = headrace.sign_in(name, PASSWORD, host=served.url)
        with headrace.connect(host=served.url, api_key=session.token) as person:
            account = person.get_account_api()
            secret, _ = account.enrol_totp()
            recovery = account.confirm_totp(pyotp.TOTP(secret).now())
        with pytest.raises(headrace.NotSignedIn, match="one-time code"):
            headrace.sign_in(name, PASSWORD, host=served.url)
        headrace.sign_in(name, PASSWORD, code=recovery[0], host=served.url)
        with pytest.raises(headrace.Forbidden, match="used"):
            headrace.sign_in(name, PASSWORD, code=recovery[0], host=served.url)
        for _ in range(5):
            with pytest.raises(headrace.NotSignedIn):
                headrace.sign_in(name, "wrong", host=served.url)
        with pytest.raises(headrace.Conflict, match="too many"):
            headrace.sign_in(name, PASSWORD, code=recovery[1], host=served.url)
        eventually(lambda: users.get_user(name).locked_until, "the lock to be shown")
        users.remove_totp(name)
        temporary = users.reset_password(name)
        eventually(lambda: served.ask("GET", "/api/whoami", key=session.token).status_code == 401 or None, "the end")
    fresh = headrace.sign_in(name, temporary, new_password="another password", host=served.url)
    with headrace.connect(host=served.url, api_key=fresh.token) as person:
        assert person.user == name
        shown = person.get_users_api().get_user(name)
        assert (shown.password, shown.totp, shown.locked_until) == (True, False, None)
