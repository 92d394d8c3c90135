"""Files that nobody but their owner may read."""

import os
from pathlib import Path


def make_private(folder: Path) -> Path:
    """The folder, made where it is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write_private(path: Path, content: bytes) -> None:
    """Put the content in place in one step, readable by its owner only (0600)."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    new.replace(path)
