"""Files over HTTP: large ones stream, wrong ones leave nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256

import pytest
from tests.integration.served import Served


@pytest.fixture(scope="module")
def project(served: Served) -> str:
    return served.new_project()


def test_a_file_larger_than_any_command_is_stored_and_read(served: Served, project: str) -> None:
    content = os.urandom(10_000_000)
    path = f"/api/projects/{project}/artifacts/{sha256(content).hexdigest()}"
    bob = served.key("bob")
    assert served.ask("HEAD", path, key=bob).status_code == 404
    stored = served.ask("PUT", path, key=bob, content=content)
    assert (stored.status_code, stored.json()["size"]) == (201, len(content))
    assert served.ask("PUT", path, key=bob, content=content).status_code == 200
    assert int(served.ask("HEAD", path, key=bob).headers["content-length"]) == len(content)
    assert served.ask("GET", path, key=served.key("ada")).content == content


def test_bytes_that_are_not_what_the_name_says_are_refused(served: Served, project: str) -> None:
    path = f"/api/projects/{project}/artifacts/{sha256(b'right').hexdigest()}"
    refused = served.ask("PUT", path, key=served.key("bob"), content=b"wrong")
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong-hash")
    assert served.ask("GET", path, key=served.key("bob")).status_code == 404


def test_a_stream_without_a_length_is_stored(served: Served, project: str) -> None:
    def parts() -> Iterator[bytes]:
        for number in range(300):
            yield bytes([number % 256]) * 10_000

    digest = sha256(b"".join(parts())).hexdigest()
    path = f"/api/projects/{project}/artifacts/{digest}"
    assert served.ask("PUT", path, key=served.key("ada"), content=parts()).json()["size"] == 3_000_000


@pytest.mark.parametrize("name", ["abc", "Z" * 64, "0" * 63, "0" * 65, "..%2F..%2Fsecrets%2Fmaster.key", "A" * 64])
def test_a_name_is_a_hash(served: Served, project: str, name: str) -> None:
    for method in ("GET", "PUT"):
        answer = served.ask(method, f"/api/projects/{project}/artifacts/{name}", key=served.key("ada"))
        assert answer.status_code in {404, 422}


def test_files_of_one_project_are_not_found_in_another(served: Served, project: str) -> None:
    other = served.new_project()
    digest = sha256(b"only here").hexdigest()
    served.ask("PUT", f"/api/projects/{project}/artifacts/{digest}", key=served.key("ada"), content=b"only here")
    assert served.ask("GET", f"/api/projects/{other}/artifacts/{digest}", key=served.key("ada")).status_code == 404
