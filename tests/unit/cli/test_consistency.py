"""What is compared is named: a group or a view."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from headrace_cli.consistency import app


@pytest.mark.parametrize("named", [[], ["--group", "weather", "--view", "delays"]])
def test_one_of_both_is_named(named: list[str]) -> None:
    told = CliRunner().invoke(app, ["check", "--project", "flights", *named])
    assert told.exit_code == 1
    assert "name a --group or a --view" in told.stderr
