"""Cold copies of what cannot be computed again: secrets, the log, files; and making a home of one."""

from headrace_compose.backup.making import make_backup
from headrace_compose.backup.manifest import Manifest
from headrace_compose.backup.restoring import restore_backup

__all__ = ["Manifest", "make_backup", "restore_backup"]
