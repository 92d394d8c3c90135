"""What the Ray head is told of its machine."""

from __future__ import annotations

import pytest

from headrace_serving.ray_head import HeadSettings


@pytest.mark.parametrize(
    ("told", "gpus"), [({}, None), ({"HEADRACE_RAY_GPUS": "0"}, 0), ({"HEADRACE_RAY_GPUS": "2"}, 2)]
)
def test_gpus_are_those_ray_finds_unless_somebody_says_another_number(told: dict[str, str], gpus: int | None) -> None:
    assert HeadSettings.read({"HEADRACE_HOME": "/home", **told}).gpus == gpus
