"""`python -m headrace_projections.rebuild NAME`: make a projection again from the log.

Exit status: 0 done, 1 done and the live projection was not what the log says, 2 not done.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module

from headrace_broker.errors import BrokerError
from headrace_projections import moments
from headrace_projections.errors import ProjectionError
from headrace_projections.rebuilt import Advance, Rebuildable, Rebuilt
from headrace_schemas.errors import SchemaError

PROJECTIONS: Mapping[str, str] = {
    "audit": "headrace_projections.audit.rebuild",
    "catalogue": "headrace_projections.catalogue.rebuild",
    "lineage": "headrace_projections.lineage.rebuild",
    "search": "headrace_projections.search.rebuild",
}
"""Name → the module whose `rebuildable(environment)` gives the Rebuildable."""


def rebuildable(name: str, environment: Mapping[str, str] = os.environ) -> Rebuildable:
    """The projection of that name, with the settings of that environment; raises KeyError naming what is missing."""
    make: Callable[[Mapping[str, str]], Rebuildable] = import_module(PROJECTIONS[name]).rebuildable
    return make(environment)


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild what the arguments name, and print what it came to."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.verify and given.as_of:
        parser.error("--verify compares with what is live now, --as-of makes what was: choose one")
    try:
        outcome = rebuildable(given.name).rebuild(verify=given.verify, as_of=given.as_of, report=_tell)
    except (ProjectionError, BrokerError, SchemaError) as error:
        print(f"{given.name} was not rebuilt: {error}", file=sys.stderr)
        return 2
    print(json.dumps(asdict(outcome)) if given.json else told(outcome))
    return 1 if outcome.equal is False else 0


def told(outcome: Rebuilt) -> str:
    """The outcome for people."""
    rate = f"{outcome.events:,} events in {outcome.seconds:.1f} s ({outcome.events_per_second:,.0f}/s)"
    lines = [f"{outcome.name} is rebuilt as {outcome.place}: {rate}, {outcome.skipped} skipped"]
    if outcome.equal is not None:
        verdict = "equal" if outcome.equal else f"different in {outcome.differing} places"
        lines.append(f"live and rebuilt are {verdict}: {outcome.live_digest} and {outcome.rebuilt_digest}")
    for one in outcome.differences:
        where = f"{one.table} {one.row} {one.column}".rstrip()
        lines.append(f"  {where}: was {_shown(one.live)}, is {_shown(one.rebuilt)}")
    return "\n".join(lines)


def _shown(text: str | None) -> str:
    return "nothing" if text is None else repr(text if len(text) <= 80 else text[:77] + "...")


def _tell(advance: Advance) -> None:
    left = "" if advance.seconds_left is None else f", {advance.seconds_left:.0f} s to go"
    print(f"{advance.events:,} events, {advance.events_per_second:,.0f}/s{left}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m headrace_projections.rebuild", description="Rebuild a projection.")
    parser.add_argument("name", choices=sorted(PROJECTIONS))
    parser.add_argument("--verify", action="store_true", help="compare every row and column with the live one")
    parser.add_argument(
        "--as-of",
        type=moments.parse,
        metavar="T",
        help="make a copy of how it was: a time (ISO 8601), PROJECT:SEQ, or SEQ of the platform",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
