"""The stack from the command line: `python -m headrace_compose up|down|status`."""

from __future__ import annotations

import argparse
import json
import sys
import time

from headrace_compose.errors import ComposeError
from headrace_compose.stack import Stack


def main(arguments: list[str]) -> int:
    """Do what the arguments say; 0 if it worked and, for `status`, if all is healthy."""
    parser = argparse.ArgumentParser(prog="headrace-compose", description="Headrace on this machine")
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("services", nargs="*", help="limit `up` to these services and what they depend on")
    chosen = parser.parse_args(arguments)
    stack = Stack()
    began = time.monotonic()

    def report(line: str) -> None:
        print(f"{time.monotonic() - began:5.1f} s  {line}", file=sys.stderr, flush=True)

    try:
        if chosen.action == "up":
            stack.up(chosen.services or None, report=report)
        elif chosen.action == "down":
            stack.down(report=report)
        else:
            status = stack.status()
            print(json.dumps(status.as_json(), indent=2))
            return 0 if status.healthy else 1
    except ComposeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
