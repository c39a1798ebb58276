"""One terminal at a time: an interview is held by the process that sits in it, and free again however that ends."""

from __future__ import annotations

import os
from pathlib import Path


class InterviewLock:
    """The right to sit in interview `number` of the data at `path`; `mine` is False where another process has it.

    One byte of a lock file for each interview: the system gives it back when the process is gone, killed or not. Where
    there are no such locks (no disk, another kind of system), everybody may.
    """

    def __init__(self, path: Path | None, number: int) -> None:
        self.mine = True
        self._handle: int | None = None
        if path is None or os.name != "posix":
            return
        import fcntl

        try:
            self._handle = os.open(path.with_name(path.name + "-lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except (BlockingIOError, PermissionError):
            # That the file is another user's says nothing of who sits there.
            self.mine = self._handle is None
        except OSError:
            pass

    def give_up(self) -> bool:
        """Give the right back; returns whether it was had."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        return self.mine
