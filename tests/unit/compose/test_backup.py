"""A backup is whole or none, and a home made of it is the same byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headrace_cli.main import app
from headrace_compose.backup.copying import MARK, PARTIAL
from headrace_compose.backup.errors import (
    BackupError,
    Changed,
    CopyFailed,
    Elsewhere,
    Incomplete,
    Newer,
    NoRoom,
    NotAFile,
    NotReplaceable,
    Occupied,
    StillRunning,
    WithinHome,
)
from headrace_compose.backup.manifest import NAME, PARTS
from headrace_compose.errors import StackBusy
from headrace_compose.settings import StackSettings
from headrace_compose.stack import Stack

SEGMENT = "kafka/data/flights.events-0/00000000000000000000.log"
KEY = "secrets/master.key"
CONTENT = {
    "secrets/cluster.id": b"cluster",
    KEY: b"key",
    "secrets/ca/root.pem": b"root",
    "kafka/data/meta.properties": b"cluster.id=cluster\n",
    "kafka/data/.lock": b"",
    SEGMENT: bytes(range(256)) * 1000,
    "kafka/data/flights.events-0/00000000000000000000.index": bytes(10 * 2**20),
    "storage/artifacts/ab": b"a model",
}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A home with a log in it, and with what a backup leaves out."""
    stack = Stack(StackSettings(home=tmp_path / "home"))
    stack.home.make()
    for path, content in {**CONTENT, "postgres/data/base": b"read models", "log/api.log": b"lines"}.items():
        file = stack.home.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (stack.home.root / KEY).chmod(0o600)
    (stack.home.root / "storage" / "empty").mkdir()
    return stack


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    """What is in the parts of a home, with what it permits its owner."""
    return {
        str(path.relative_to(root)): (path.read_bytes() if path.is_file() else b"", path.stat().st_mode & 0o700)
        for part in PARTS
        for path in sorted((root / part).rglob("*"))
        if path.name != ".lock"
    }


def contents(root: Path) -> dict[str, bytes]:
    return {name: content for name, (content, _) in files(root).items()}


def elsewhere(stack: Stack, name: str = "other") -> Stack:
    return Stack(StackSettings(home=stack.home.root.parent / name))


def test_a_restored_home_is_the_same_byte_for_byte_and_nothing_else(stack: Stack, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    made = stack.backup(tmp_path / "backup", lambda done, whole: told.append((done, whole)))
    whole = sum(map(len, CONTENT.values()))
    assert (made.files, made.bytes, told[-1]) == (len(CONTENT) - 1, whole, (whole, whole))
    other = elsewhere(stack)
    assert other.restore(tmp_path / "backup") == made
    assert files(other.home.root) == files(stack.home.root)
    assert {path.name for path in other.home.root.iterdir()} == set(PARTS)


def test_what_is_nothing_but_zeros_takes_no_room(stack: Stack, tmp_path: Path) -> None:
    stack.backup(tmp_path / "backup")
    index = tmp_path / "backup" / SEGMENT.replace(".log", ".index")
    assert index.stat().st_size == 10 * 2**20
    assert index.stat().st_blocks * 512 < 2**20


def test_a_home_may_be_restored_into_a_folder_that_is_empty(stack: Stack, tmp_path: Path) -> None:
    stack.backup(tmp_path / "backup")
    other = elsewhere(stack)
    other.home.root.mkdir()
    other.restore(tmp_path / "backup")
    assert files(other.home.root) == files(stack.home.root)


def test_nothing_is_overwritten(stack: Stack, tmp_path: Path) -> None:
    stack.backup(tmp_path / "backup")
    before = files(stack.home.root)
    with pytest.raises(Occupied):
        stack.backup(tmp_path / "backup")
    with pytest.raises(Occupied, match="HEADRACE_HOME"):
        stack.restore(tmp_path / "backup")
    assert files(stack.home.root) == before
    (tmp_path / f"mine{PARTIAL}").mkdir()
    (tmp_path / f"mine{PARTIAL}" / "letters").write_text("not ours")
    with pytest.raises(Occupied):
        stack.backup(tmp_path / "mine")
    assert (tmp_path / f"mine{PARTIAL}" / "letters").exists()


def test_a_link_or_a_mount_is_refused_before_anything_is_copied(stack: Stack, tmp_path: Path) -> None:
    stack.backup(tmp_path / "backup")
    told: list[int] = []
    (tmp_path / "there").mkdir()
    for name, leads in (("link", "there"), ("other", "there"), ("dangling", "nowhere")):
        (tmp_path / name).symlink_to(tmp_path / leads)
    for target in (tmp_path / "link", tmp_path / "dangling", Path("/")):
        with pytest.raises(NotReplaceable, match="not there yet"):
            stack.backup(target, lambda done, whole: told.append(done))
    with pytest.raises(NotReplaceable, match="HEADRACE_HOME"):
        elsewhere(stack).restore(tmp_path / "backup", lambda done, whole: told.append(done))
    assert told == []


def test_a_backup_does_not_lie_in_the_home_it_is_of(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(stack.home.root)
    for target in (stack.home.root / "backup", stack.home.storage / "deep" / "backup", tmp_path / "link" / "backup"):
        with pytest.raises(WithinHome, match="outside"):
            stack.backup(target)
    assert not list(stack.home.root.rglob("backup*"))


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda backup: os.truncate(backup / SEGMENT, 1000), "has 1000 bytes, not 256000"),
        (lambda backup: _append(backup / SEGMENT), "has 256004 bytes"),
        (lambda backup: _flip(backup / SEGMENT), "has other bytes than were written"),
        (lambda backup: (backup / KEY).unlink(), "is missing"),
        (lambda backup: shutil.rmtree(backup / "storage" / "empty"), "is missing"),
        (lambda backup: (backup / "secrets" / "another.key").write_bytes(b"x"), "was added"),
        (lambda backup: _reword(backup, KEY, "secrets/other.key"), "does not say what it said"),
    ],
)
def test_a_changed_backup_is_refused_by_name_and_leaves_nothing(
    stack: Stack, tmp_path: Path, damage: Callable[[Path], object], why: str
) -> None:
    stack.backup(tmp_path / "backup")
    damage(tmp_path / "backup")
    other = elsewhere(stack)
    with pytest.raises(Changed, match=why):
        other.restore(tmp_path / "backup")
    assert not list(tmp_path.glob("other*"))


def _reword(backup: Path, old: str, new: str) -> None:
    manifest = backup / NAME
    manifest.write_text(manifest.read_text().replace(f'"{old}"', f'"{new}"'))


def test_a_manifest_that_reaches_outside_is_refused_even_if_it_vouches_for_itself(stack: Stack, tmp_path: Path) -> None:
    made = stack.backup(tmp_path / "backup")
    outside = replace(made.entries[-1], path="storage/../../outside")
    replace(made, entries=(*made.entries[:-1], outside)).write(tmp_path / "backup")
    with pytest.raises(Changed):
        elsewhere(stack).restore(tmp_path / "backup")


def test_a_backup_of_a_later_version_is_refused_and_one_of_an_earlier_is_not(stack: Stack, tmp_path: Path) -> None:
    made = stack.backup(tmp_path / "backup")
    for version in ("999.1", f"{made.version}.1"):
        replace(made, version=version).write(tmp_path / "backup")
        with pytest.raises(Newer, match=f"made by Headrace {version}; this is {made.version}"):
            elsewhere(stack).restore(tmp_path / "backup")
    for version in ("0.0.9", f"{made.version}.0", f"{made.version}rc1"):
        replace(made, version=version).write(tmp_path / "backup")
        assert elsewhere(stack, version).restore(tmp_path / "backup").version == version


def test_a_restored_file_permits_nothing_to_others_whatever_the_manifest_says(stack: Stack, tmp_path: Path) -> None:
    made = stack.backup(tmp_path / "backup")
    open_to_all = tuple(replace(entry, mode=entry.mode | 0o4077) for entry in made.entries)
    replace(made, entries=open_to_all).write(tmp_path / "backup")
    other = elsewhere(stack)
    other.restore(tmp_path / "backup")
    modes = {path.stat().st_mode & 0o7077 for path in other.home.root.rglob("*")}
    assert modes == {0}
    assert files(other.home.root) == files(stack.home.root)


@pytest.mark.parametrize(
    "wrong",
    [{"mode": "x"}, {"mode": True}, {"mode": None}, {"path": 1}, {"size": "1"}, {"size": None}, {"sha256": None}],
)
def test_a_manifest_whose_entries_are_of_other_types_cannot_be_read(
    stack: Stack, tmp_path: Path, wrong: dict[str, object]
) -> None:
    stack.backup(tmp_path / "backup")
    told = json.loads((tmp_path / "backup" / NAME).read_text())
    next(entry for entry in told["entries"] if entry["size"]).update(wrong)
    del told["digest"]
    told["digest"] = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    (tmp_path / "backup" / NAME).write_text(json.dumps(told))
    with pytest.raises(Incomplete, match="neither a file nor a folder"):
        elsewhere(stack).restore(tmp_path / "backup")


@pytest.mark.parametrize("manifest", [None, b"", b"{", b"[]", b'{"format": 2}'])
def test_without_a_manifest_that_can_be_read_it_is_no_backup(
    stack: Stack, tmp_path: Path, manifest: bytes | None
) -> None:
    stack.backup(tmp_path / "backup")
    (tmp_path / "backup" / NAME).unlink()
    if manifest is not None:
        (tmp_path / "backup" / NAME).write_bytes(manifest)
    with pytest.raises(Incomplete):
        elsewhere(stack).restore(tmp_path / "backup")


KILLED = """
import os, signal, sys
from pathlib import Path
from headrace_compose.settings import StackSettings
from headrace_compose.stack import Stack
verb, home, folder = sys.argv[1:]
stack = Stack(StackSettings(home=Path(home)))
def advance(done, whole):
    if done > whole / 2:
        os.kill(os.getpid(), signal.SIGKILL)
getattr(stack, verb)(Path(folder), advance)
"""


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_a_copy_that_was_killed_is_known_as_such_and_made_again(stack: Stack, tmp_path: Path, verb: str) -> None:
    target = {"backup": tmp_path / "backup", "restore": tmp_path / "other"}[verb]
    home = stack.home.root if verb == "backup" else target
    if verb == "restore":
        stack.backup(tmp_path / "backup")
    killed = subprocess.run([sys.executable, "-c", KILLED, verb, str(home), str(tmp_path / "backup")], check=False)
    assert killed.returncode == -signal.SIGKILL
    partial = target.with_name(target.name + PARTIAL)
    assert (partial / MARK).exists()
    assert not target.exists()
    if verb == "backup":
        with pytest.raises(Incomplete):
            elsewhere(stack).restore(partial)
        stack.backup(target)
    else:
        elsewhere(stack).restore(tmp_path / "backup")
    assert contents(target) == contents(stack.home.root)
    assert not partial.exists()


BEFORE_ITS_NAME = """
import os, signal, sys
from pathlib import Path
from headrace_compose.settings import StackSettings
from headrace_compose.stack import Stack
home, folder = sys.argv[1:]
def seen(event, given):
    if event == "os.rename" and os.fspath(given[1]) == folder:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(seen)
Stack(StackSettings(home=Path(home))).backup(Path(folder))
"""


def test_a_copy_that_was_killed_before_it_got_its_name_is_made_again(stack: Stack, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    killed = subprocess.run([sys.executable, "-c", BEFORE_ITS_NAME, str(stack.home.root), str(target)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not target.exists()
    stack.backup(target)
    assert {path.name for path in target.iterdir()} == {*PARTS, NAME}
    assert contents(target) == contents(stack.home.root)


def test_a_folder_that_others_could_write_into_is_closed_before_anything_is_copied(
    stack: Stack, tmp_path: Path
) -> None:
    partial = tmp_path / f"backup{PARTIAL}"
    partial.mkdir()
    partial.chmod(0o777)
    seen: set[int] = set()
    stack.backup(tmp_path / "backup", lambda done, whole: seen.add(partial.stat().st_mode & 0o777))
    assert seen == {0o700}


def test_a_link_that_lies_where_the_copy_would_is_not_followed(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / f"backup{PARTIAL}").symlink_to(tmp_path / "theirs")
    with pytest.raises(Occupied):
        stack.backup(tmp_path / "backup")
    assert not list((tmp_path / "theirs").iterdir())


def test_a_mark_that_is_a_link_is_not_written_through(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("not ours")
    partial = tmp_path / f"backup{PARTIAL}"
    partial.mkdir()
    (partial / MARK).symlink_to(tmp_path / "letter")
    with pytest.raises(CopyFailed):
        stack.backup(tmp_path / "backup")
    assert (tmp_path / "letter").read_text() == "not ours"


HOLDING = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.{how}(file, fcntl.LOCK_EX)
    print(flush=True)
    sys.stdin.read()
"""


def held(path: Path, how: str) -> subprocess.Popen[bytes]:
    """A process that holds the file's lock until its input ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING.format(how=how), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"\n"
    return holder


def test_while_a_broker_holds_the_log_no_backup_is_made(stack: Stack, tmp_path: Path) -> None:
    with held(stack.home.kafka / "data" / ".lock", "lockf") as broker:
        with pytest.raises(StillRunning, match="headrace down"):
            stack.backup(tmp_path / "backup")
        broker.communicate()
    stack.backup(tmp_path / "backup")


def test_two_do_not_copy_into_one_folder(stack: Stack, tmp_path: Path) -> None:
    partial = tmp_path / f"backup{PARTIAL}"
    partial.mkdir()
    (partial / MARK).touch()
    with held(partial / MARK, "flock") as other:
        with pytest.raises(StackBusy):
            stack.backup(tmp_path / "backup")
        other.communicate()
    stack.backup(tmp_path / "backup")


def test_what_does_not_fit_is_not_begun(stack: Stack, tmp_path: Path) -> None:
    with (stack.home.storage / "huge").open("wb") as huge:
        huge.truncate(2**42)
    with pytest.raises(NoRoom):
        stack.backup(tmp_path / "backup")
    assert not list(tmp_path.glob("backup*"))


def test_a_link_is_refused_for_nobody_knows_what_it_leads_to(stack: Stack, tmp_path: Path) -> None:
    (stack.home.storage / "link").symlink_to(tmp_path)
    with pytest.raises(NotAFile, match="link"):
        stack.backup(tmp_path / "backup")


def test_a_disk_that_refuses_is_told_as_an_error_of_ours(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CopyFailed, match="Not a directory"):
        stack.backup(tmp_path / "file" / "backup")


def test_what_lies_outside_the_home_is_not_said_to_be_in_the_backup(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for settings in (
        StackSettings(home=home, storage="s3://bucket"),
        StackSettings(home=home, kafka_external="kafka.example:9093"),
    ):
        with pytest.raises(Elsewhere):
            Stack(settings).backup(tmp_path / "backup")


def test_where_no_stack_is_there_is_nothing_to_take(tmp_path: Path) -> None:
    with pytest.raises(Incomplete):
        Stack(StackSettings(home=tmp_path / "home")).backup(tmp_path / "backup")
    stack = Stack(StackSettings(home=tmp_path / "fresh"))
    stack.home.make()
    with pytest.raises(BackupError, match="no log"):
        stack.backup(tmp_path / "backup")


def test_the_command_line_tells_what_was_copied_and_what_went_wrong(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = str(tmp_path / "backup")
    monkeypatch.setenv("HEADRACE_HOME", str(stack.home.root))
    told = CliRunner().invoke(app, ["backup", backup, "--json"])
    assert told.exit_code == 0, told.stderr
    made = json.loads(told.stdout)
    assert (made["files"], made["folder"]) == (len(CONTENT) - 1, backup)
    again = CliRunner().invoke(app, ["restore", backup])
    assert (again.exit_code, "nothing is overwritten" in again.stderr) == (1, True)
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "other"))
    restored = CliRunner().invoke(app, ["restore", backup, "--json"])
    assert json.loads(restored.stdout)["digest"] == made["digest"]
