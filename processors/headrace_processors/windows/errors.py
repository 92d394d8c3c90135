"""What can go wrong with the Flink cluster and its job.

FlinkError
├── ClusterUnavailable   the JobManager does not answer              ask again
├── NotInstalled         Flink's own environment or its jars lack    run `make install`
└── NotSubmitted         the job could not be submitted              stop; the supervisor starts us again
"""


class FlinkError(Exception):
    """Anything wrong with Flink."""


class ClusterUnavailable(FlinkError):
    """The JobManager does not answer, or not as it should; the same question may be answered later."""


class NotInstalled(FlinkError):
    """A file that Flink runs on is not there."""


class NotSubmitted(FlinkError):
    """The cluster did not take the job; the message ends with what Flink said."""
