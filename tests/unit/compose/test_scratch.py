"""Where temporary files go, and that they do not stay."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from headrace_broker import short_folder
from headrace_compose import launch
from headrace_compose.home import Home
from headrace_compose.launch import Launch
from headrace_compose.service import Service
from headrace_compose.services import all_services
from headrace_compose.settings import StackSettings
from headrace_compose.stack import Stack
from headrace_compose.supervision import SOCKET_PATH_BYTES, socket_path

LOOK = "import json, os, tempfile; print(json.dumps([tempfile.gettempdir(), os.listdir(tempfile.gettempdir())]))"


def test_a_service_finds_its_folder_empty_whatever_one_that_was_killed_has_left(tmp_path: Path) -> None:
    scratch = Home(tmp_path).scratch("online")
    (scratch / "left").mkdir(parents=True)
    specification = tmp_path / "online.json"
    Launch(command=(sys.executable, "-c", LOOK), parent=os.getpid(), scratch=scratch).write(specification)
    said = subprocess.check_output(launch.command(specification), text=True)
    assert json.loads(said) == [str(scratch), []]


def test_every_server_on_java_is_told_its_folder(tmp_path: Path) -> None:
    site = Stack(StackSettings(home=tmp_path / "home")).site()
    services = {service.name: service for service in all_services(site)}
    for name in ("kafka", "opensearch"):
        assert f"-Djava.io.tmpdir={site.home.scratch(name)}" in services[name].command


def test_only_ray_sees_to_its_temporary_files_itself(tmp_path: Path) -> None:
    services: list[Service] = all_services(Stack(StackSettings(home=tmp_path)).site())
    assert [service.name for service in services if not service.scratch] == ["ray"]


def test_what_a_ray_that_was_killed_has_left_outside_the_home_is_removed(tmp_path: Path) -> None:
    left, link = tmp_path / "hr-1234", tmp_path / "home-ray"
    left.mkdir()
    link.symlink_to(left)
    short_folder.remove(link)
    assert not left.exists()
    assert not link.is_symlink()
    short_folder.remove(link)


def test_the_managers_socket_lies_in_the_home_unless_that_is_too_deep_for_one(tmp_path: Path) -> None:
    near, deep = Home(Path("/h")), Home(tmp_path / ("d" * SOCKET_PATH_BYTES))
    assert socket_path(near).parent == near.run
    elsewhere = socket_path(deep)
    assert len(str(elsewhere)) < SOCKET_PATH_BYTES
    assert elsewhere.parent.exists()
    shutil.rmtree(elsewhere.parent)
