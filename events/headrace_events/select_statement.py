"""Queries on external databases: one statement that reads, in whatever dialect, told by its words alone.

It keeps mistakes from members' databases, and is no sandbox: readers open a database read-only, wrap the query in
another one, and may do there what their secret allows.
"""

import re

from headrace_events.errors import Invalid

LONGEST = 100_000

_SKIPPED = re.compile(r"--[ \t][^\n]*|'(?:[^'\\]|'')*'|\"(?:[^\"\\]|\"\")*\"|`[^`\\]*`")
_WORD = re.compile(r"[A-Za-z_]+")
_DOLLARS = re.compile(r"\$[A-Za-z0-9_]*\$")
_BRACKETS = re.compile(r"\[[A-Za-z_][^\]\n]*['\"`]")

WRITES = frozenset({"delete", "insert", "into", "merge", "update"})
"""Words that a query has outside of quotes only where it does more than read."""


def must_only_read(query: str) -> None:
    """Raise Invalid unless the query is one SELECT (or WITH … SELECT)."""
    if len(query) > LONGEST or "\0" in query:
        raise _refused(f"it has at most {LONGEST} characters, and no NUL")
    bare = _SKIPPED.sub(" ", query)
    if found := next((one for one in ("'", '"', "`", "--", "/*", "\\") if one in bare), None):
        raise _refused(f"{found} is not understood here: close quotes, write no backslash in them, no /* and --comment")
    if _DOLLARS.search(bare):
        raise _refused("quote with ', not with $$")
    if _BRACKETS.search(query):
        raise _refused("write no quotes between [ and ] after a word")
    if ";" in bare:
        raise _refused("leave out the ;")
    words = [word.lower() for word in _WORD.findall(bare)]
    if not words or words[0] not in {"select", "with"} or "select" not in words:
        raise _refused("it begins with SELECT or WITH")
    if writes := sorted(WRITES.intersection(words)):
        raise _refused(f"{', '.join(writes)} does more than read; put names of columns that are called so in quotes")


def _refused(why: str) -> Invalid:
    return Invalid("not-one-select", f"a query on an external database is one SELECT: {why}")
