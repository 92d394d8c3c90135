"""Functions that are named on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace import Invalid
from headrace_cli.functions import function_of


def test_a_function_of_a_file_is_found_with_what_it_needs_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("STEP = 2\ndef twice(record):\n    return record * STEP\n")
    assert function_of(f"{file}:twice")(4) == 8


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ("twice", "invalid-function"),
        ("{folder}/nothing.py:twice", "no-such-file"),
        ("{folder}/mine.py:thrice", "invalid-function"),
        ("{folder}/mine.py:STEP", "invalid-function"),
        ("{folder}/broken.py:twice", "invalid-function"),
    ],
)
def test_what_is_no_function_is_refused(tmp_path: Path, named: str, code: str) -> None:
    (tmp_path / "mine.py").write_text("STEP = 2\n")
    (tmp_path / "broken.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(Invalid) as refusal:
        function_of(named.format(folder=tmp_path))
    assert refusal.value.code == code
