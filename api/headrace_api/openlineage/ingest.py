"""Lineage from whoever speaks OpenLineage: each run event becomes a command of its sender."""

import asyncio
import logging

from fastapi import APIRouter, Depends
from pydantic import ValidationError

from headrace_api.errors import OutcomeUnknown
from headrace_api.openlineage.sent import BatchAnswer, Events, FailedEvent, SentRunEvent
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sender, Sending
from headrace_broker.errors import Unavailable
from headrace_broker.results import Result
from headrace_events.errors import Refusal
from headrace_events.ids import ProjectName
from headrace_events.scopes import Scope

router = APIRouter(prefix="/api/projects/{project}/openlineage/api/v1/lineage", tags=["openlineage"])

logger = logging.getLogger("headrace.api")

AT_ONCE = 32


@router.post("", status_code=201, summary="Record a run event")
async def record_run_event(project: ProjectPath, body: SentRunEvent, sending: Sending) -> Accepted:
    """Record what a run has read and written. The same event again (run, time and type) changes nothing."""
    return await sending.send(body.command(ProjectName(project)))


async def _whole(sending: Sending) -> None:
    """What is wrong with all of a batch is said once, and not of each event."""
    sending.actor.must_have(Scope.LINEAGE)
    sending.must_expect_nothing()


@router.post("/batch", summary="Record run events", dependencies=[Depends(_whole)])
async def record_run_events(reading: Reading, body: Events, sending: Sending) -> BatchAnswer:
    """Record many, in any order. An event that cannot be recorded is named with its reason; the others are recorded."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def record(index: int, given: object) -> Result | FailedEvent:
        async with gate:
            return await _recorded(sending, ProjectName(reading.project), index, given)

    found = await asyncio.gather(*(record(index, given) for index, given in enumerate(body)))
    sending.tell([place for one in found if isinstance(one, Result) for place in one.positions])
    return BatchAnswer.of(len(body), [one for one in found if isinstance(one, FailedEvent)])


async def _recorded(sending: Sender, project: ProjectName, index: int, given: object) -> Result | FailedEvent:
    try:
        command = SentRunEvent.model_validate(given).command(project)
        return await sending.result(command, part=index)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
        return FailedEvent(index=index, code="invalid-request", reason=wrong, retriable=False)
    except Refusal as refusal:
        return FailedEvent(index=index, code=refusal.code, reason=refusal.message, retriable=False)
    except (Unavailable, OutcomeUnknown) as error:
        logger.warning("event %d of a batch under %s could not be recorded: %s", index, sending.id, error)
        return FailedEvent(index=index, code="unavailable", reason="no result in time: send it again", retriable=True)
