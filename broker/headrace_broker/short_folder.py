"""A folder with a short path, for the path of a socket has 107 bytes, and a link in the home that leads to it."""

import shutil
import tempfile
from pathlib import Path

_PREFIX = "hr-"


def make(link: Path) -> Path:
    """Make a new folder that `link` leads to, after removing the last one."""
    remove(link)
    link.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    link.symlink_to(folder)
    return folder


def remove(link: Path) -> None:
    """Remove the folder that `link` leads to, and the link; nothing happens where there is none."""
    if link.is_symlink():
        last = link.readlink()
        if last.name.startswith(_PREFIX):
            shutil.rmtree(last, ignore_errors=True)
        link.unlink()
