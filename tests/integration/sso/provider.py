"""A real OpenID provider, fetched once by npm as its lock says, and somebody who signs in there with a browser."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import httpx
from tests.integration.sso.fetched import fetched, run, tool

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", "provider.mjs")
CLIENT = "headrace"
SECRET = "the secret of this client"


NODE = "install Node 20 or later with npm (Debian: apt-get install nodejs npm)"


def installed(cache: Path) -> Path:
    """The folder with the provider and what it needs; the name tells versions apart."""
    digest = hashlib.sha256(b"\0".join((HERE / name).read_bytes() for name in FILES)).hexdigest()[:12]

    def fetch(folder: Path) -> None:
        for name in FILES:
            shutil.copy(HERE / name, folder)
        run([tool("npm", NODE), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)

    return fetched(cache / f"oidc-provider-{digest}", fetch)


@contextmanager
def running_provider(cache: Path, callback: str) -> Iterator[str]:
    """Run the provider for one client that is sent back to `callback`; gives the issuer."""
    command = [tool("node", NODE), str(installed(cache) / "provider.mjs"), callback, CLIENT, SECRET]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        assert issuer, "the provider did not start"
        try:
            yield issuer
        finally:
            process.kill()


@dataclass(slots=True)
class Person:
    """Somebody at a browser, who signs in at the provider as `name` and agrees to what is asked."""

    name: str
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def open(self, address: str) -> httpx.Response:
        """Follow all that the pages say, to the last one."""
        with httpx.Client(follow_redirects=True, timeout=60, cookies=self.cookies) as client:
            answer = client.get(address)
            while form := re.search(r'<form[^>]*action="([^"]+)"', answer.text):
                hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)"', answer.text))
                typed = {"login": self.name, "password": "anything"} if 'name="login"' in answer.text else {}
                answer = client.post(urljoin(str(answer.url), form.group(1)), data={**hidden, **typed})
            self.cookies = client.cookies
            return answer
