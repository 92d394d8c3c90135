"""What became of a command, as bytes."""

import pytest

from headrace_broker.results import Result, ResultCodec
from headrace_events.ids import CommandId
from headrace_events.user import UserCreated
from headrace_schemas.codec import MessageCodec
from headrace_schemas.errors import Undecodable


def test_a_result_survives_the_way_to_bytes_and_back() -> None:
    result = Result(command_id=CommandId("c"), accepted=True, aggregate="user/ada", version=1, events=("e",))
    assert ResultCodec().decode(ResultCodec().encode(result)) == result


def test_the_bytes_of_another_kind_of_record_are_no_result() -> None:
    with pytest.raises(Undecodable, match="not a result"):
        ResultCodec().decode(MessageCodec().encode(UserCreated(user="ada", administrator=False)))
