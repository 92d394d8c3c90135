"""What the README and the guides show works as it stands there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.e2e.guides import ADMINISTERED, API, FOLLOWED, PEOPLE, PROJECTIONS, README, block, blocks, follow
from tests.e2e.witness import Played
from tests.integration.clients import eventually

import headrace
import headrace_projections

pytestmark = pytest.mark.timeout(900)  # the first of them starts a stack and plays a story on it


@pytest.fixture(scope="module")
def reader(played: Played, surroundings: Mapping[str, str]) -> Iterator[ModuleType]:
    """Somebody who follows the guides one after the other, in a project of their own; the names they have so far."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HEADRACE_HOME", "HEADRACE_CACHE"):
            patch.setenv(name, surroundings[name])
        with headrace.administrator() as administrator:
            administrator.create_user("bob")
            administrator.create_project("guides", owner="ada")
            key = administrator.issue_key("ada", project="guides", hours=1).key
            for name, told in (("API", administrator.url), ("API_KEY", key), ("PROJECT", "guides")):
                patch.setenv(f"HEADRACE_{name}", told)
            module = ModuleType("followed")
            module.__file__ = "followed.py"  # a module of the reader's own, not one that trials could import
            patch.setitem(sys.modules, module.__name__, module)
            with headrace.login() as project:
                module.project = project  # type: ignore[attr-defined]
                yield module
                vars(module)["project"].close()  # a guide has signed in again


def test_a_newcomer_gets_as_far_as_the_readme_says(newcomer: subprocess.CompletedProcess[str]) -> None:
    assert newcomer.returncode == 0, newcomer.stderr
    assert len(blocks(README, "bash")) == 2  # the first of them is `make`, which tests cannot run


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_the_guide_does_what_it_shows(reader: ModuleType, page: Path) -> None:
    assert follow(page, vars(reader))


@pytest.mark.parametrize("page", ADMINISTERED, ids=lambda page: page.stem)
def test_the_guide_does_what_it_shows_to_an_administrator(
    reader: ModuleType, played: Played, monkeypatch: pytest.MonkeyPatch, page: Path
) -> None:
    monkeypatch.setenv("HEADRACE_API_KEY", played.witness.key)
    names = dict(vars(reader))
    assert follow(page, names)
    for name, made in names.items():
        if isinstance(made, headrace.Platform | headrace.Project) and made is not vars(reader).get(name):
            made.close()


def test_somebody_comes_and_goes_as_the_guide_to_people_shows(
    played: Played, surroundings: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    shown = block(PEOPLE, "bash")
    script = "\n".join(("set -ex", 'PATH="$PWD/.venv/bin:$PATH"', shown.replace("ada", "zoe")))
    typed = subprocess.run(
        ["bash", "-c", script],
        input="\n\n",  # no password, and again none
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        start_new_session=True,  # without a terminal that could be asked instead
    )
    assert typed.returncode == 0, typed.stderr

    def ordinary() -> bool | None:
        (zoe,) = (row for row in played.witness.ask("/api/users") if row["user"] == "zoe")
        return (zoe["standing"], zoe["administrator"]) == ("active", False) or None

    eventually(ordinary, "zoe to be an active user, and no administrator")


def test_the_guides_led_where_they_say(reader: ModuleType) -> None:
    names: dict[str, Any] = vars(reader)
    assert (len(names["X_train"]), len(names["X_test"])) == (48, 48)
    assert len(names["result"].trials) == 8
    assert len(names["answer"]["predictions"]) == 1
    assert {one.name for one in names["lineage"].of_kind("feature_group")} == {"flights", "weather"}


def test_a_malformed_request_is_answered_as_the_api_page_shows(played: Played) -> None:
    shown = json.loads(block(API, "json"))
    body = {"name": "bad", "columns": [{"name": "key", "type": 7}], "primary_key": ["key"]}
    answer = played.witness.http.post(f"/api/projects/{played.flights}/feature-groups", json=body).json()
    assert set(answer) == set(shown)
    assert (answer["code"], answer["message"]) == (shown["code"], shown["message"])
    ((field, said),) = shown["details"].items()
    assert answer["details"][field].startswith(said.removesuffix("…"))


def test_the_handler_on_the_page_of_projections_is_the_one_that_runs() -> None:
    folder = Path(headrace_projections.__file__).parent / "catalogue" / "apply"
    assert any(block(PROJECTIONS, "python") in path.read_text() for path in folder.glob("*.py"))
