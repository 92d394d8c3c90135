"""The process that keeps offline features."""

import os

import psycopg

from headrace_projections.offline.target import OfflineTarget
from headrace_projections.rows.process import run


def main() -> None:
    """Append rows to Delta until SIGTERM; HEADRACE_OFFLINE_SECONDS (30) is how long rows wait for their commit."""
    storage, dsn = os.environ["HEADRACE_STORAGE"], os.environ["HEADRACE_POSTGRES"]
    seconds = float(os.environ.get("HEADRACE_OFFLINE_SECONDS", "30"))
    run("offline", lambda: OfflineTarget(storage, dsn, seconds), (psycopg.OperationalError,))


if __name__ == "__main__":
    main()
