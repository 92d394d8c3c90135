"""The generations of an index: `<alias>-v<n>`, of which the alias names one."""

from headrace_projections.search.engine import Engine


def next_index(engine: Engine, alias: str) -> tuple[int, str]:
    """The number and name of the generation after the live one; what a rebuild left unfinished is dropped."""
    prefix = f"{alias}-v"
    live = engine.target(alias)
    for index in engine.indexes(prefix):
        if index != live:
            engine.drop(index)
    number = 1 + (int(live.removeprefix(prefix)) if live is not None else 0)
    return number, f"{prefix}{number}"
