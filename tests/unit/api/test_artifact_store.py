"""Files named by the hash of their bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from headrace_api.artifacts.store import ArtifactStore, WrongHash


async def parts(*content: bytes) -> AsyncIterator[bytes]:
    for part in content:
        yield part


async def broken() -> AsyncIterator[bytes]:
    yield b"some"
    raise ConnectionResetError


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    store = ArtifactStore.at(tmp_path.as_uri())
    digest = sha256(b"abc").hexdigest()
    assert asyncio.run(store.size("p", digest)) is None
    assert asyncio.run(store.write("p", digest, parts(b"a", b"", b"bc"))) == 3
    assert asyncio.run(store.size("p", digest)) == 3
    assert b"".join(store.read("p", digest)) == b"abc"
    assert files(tmp_path) == [tmp_path / "artifacts" / "p" / digest[:2] / digest]


def test_another_projects_file_is_not_there(tmp_path: Path) -> None:
    store = ArtifactStore.at(tmp_path.as_uri())
    digest = sha256(b"abc").hexdigest()
    asyncio.run(store.write("p", digest, parts(b"abc")))
    assert asyncio.run(store.size("q", digest)) is None


def test_wrong_bytes_leave_nothing(tmp_path: Path) -> None:
    store = ArtifactStore.at(tmp_path.as_uri())
    with pytest.raises(WrongHash):
        asyncio.run(store.write("p", "0" * 64, parts(b"abc")))
    assert files(tmp_path) == []


def test_a_broken_upload_leaves_nothing(tmp_path: Path) -> None:
    store = ArtifactStore.at(tmp_path.as_uri())
    with pytest.raises(ConnectionResetError):
        asyncio.run(store.write("p", sha256(b"some").hexdigest(), broken()))
    assert files(tmp_path) == []


def test_the_same_file_written_twice_at_once_is_there_once(tmp_path: Path) -> None:
    store = ArtifactStore.at(tmp_path.as_uri())
    digest = sha256(b"abc").hexdigest()

    async def both() -> None:
        await asyncio.gather(*(store.write("p", digest, parts(b"a", b"bc")) for _ in range(8)))

    asyncio.run(both())
    assert len(files(tmp_path)) == 1
