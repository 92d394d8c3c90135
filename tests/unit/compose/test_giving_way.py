"""Who gives way to whom where processors are short."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from headrace_compose import launch
from headrace_compose.launch import Launch
from headrace_compose.service import BEHIND
from headrace_compose.services import all_services
from headrace_compose.settings import StackSettings
from headrace_compose.stack import Stack

LOOK = "import os; print(os.nice(0))"

WAITED_FOR = {
    *("kafka", "postgres", "opensearch"),
    *("command-processor", "provisioning", "projector", "api"),
    *("online", "ray", "gateway"),
}


def test_a_service_gives_way_as_far_as_it_is_told(tmp_path: Path) -> None:
    specification = tmp_path / "lineage.json"
    Launch(command=(sys.executable, "-c", LOOK), parent=os.getpid(), niceness=BEHIND).write(specification)
    said = subprocess.check_output(launch.command(specification), text=True)
    assert int(said) == min(os.nice(0) + BEHIND, 19)


def test_what_a_request_waits_for_gives_way_to_nobody(tmp_path: Path) -> None:
    services = all_services(Stack(StackSettings(home=tmp_path)).site())
    assert {service.name for service in services if service.niceness == 0} == WAITED_FOR
    assert {service.niceness for service in services} == {0, BEHIND}
