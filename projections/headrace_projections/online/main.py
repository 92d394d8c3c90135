"""The process that keeps online features."""

import os

import psycopg

from headrace_projections.online.target import OnlineTarget
from headrace_projections.rows.process import run


def main() -> None:
    """Write rows to Postgres until SIGTERM."""
    run("online", lambda: OnlineTarget(os.environ["HEADRACE_POSTGRES"]), (psycopg.OperationalError,))


if __name__ == "__main__":
    main()
