"""What Flink says of the job that runs, over its REST interface, with the cluster's own key."""

import ssl
from dataclasses import dataclass

import httpx

from headrace_compose.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """The job, how many of its checkpoints are complete, and where the last of them lies."""

    id: str
    completed: int
    last: str


def running_job() -> RunningJob:
    """The one job that runs; raises AssertionError unless there is one, with a complete checkpoint."""
    stack = Stack()
    keys = stack.home.root / "flink" / "keys"
    context = ssl.create_default_context(cafile=keys / "certificate.pem")
    context.load_cert_chain(keys / "certificate.pem", keys / "key.pem")
    with httpx.Client(base_url=f"https://{stack.site().addresses['flink-jobmanager']}", verify=context) as flink:
        jobs = flink.get("/jobs/overview").raise_for_status().json()["jobs"]
        running = [job["jid"] for job in jobs if job["state"] == "RUNNING"]
        if len(running) != 1:
            raise AssertionError(f"one job should run on Flink, but: {jobs}")
        checkpoints = flink.get(f"/jobs/{running[0]}/checkpoints").raise_for_status().json()
    last = checkpoints["latest"]["completed"]
    if last is None:
        raise AssertionError(f"job {running[0]} has no complete checkpoint: {checkpoints['counts']}")
    return RunningJob(id=running[0], completed=checkpoints["counts"]["completed"], last=last["external_path"])
