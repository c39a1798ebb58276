"""Writing a file the user named, so that the one before it stays whole until the new one is on the disk."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from engine.errors import os_reason
from k8squiz.errors import QuizError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def write_text(path: Path, text: str | bytes | Iterable[str]) -> None:
    """Write `text` (or its pieces, one after another) to `path` in UTF-8, or bytes as they are, or leave what stood there.

    It is written beside its target, synced and renamed over it (rename(2) is atomic); a link stays a link, a file keeps
    its mode, and what is no file (/dev/stdout, a pipe) is written to as it is. Raises QuizError with the reason.
    """
    pieces = (text,) if isinstance(text, str | bytes) else text
    try:
        target = Path(os.path.realpath(path.expanduser()))
        found = target.stat() if target.exists() else None
        if found is not None and not stat.S_ISREG(found.st_mode):
            _pour(os.open(target, os.O_WRONLY), pieces, sync=False)
            return
        _replace(target, pieces, None if found is None else stat.S_IMODE(found.st_mode))
    except (OSError, ValueError, RuntimeError) as error:
        en, zh = os_reason(error) if not isinstance(error, RuntimeError) else ("there is no such user", "没有这个用户")
        raise QuizError(f"{path}: cannot be written: {en}", f"{path}：无法写入：{zh}") from None


def _replace(target: Path, pieces: Iterable[str | bytes], mode: int | None) -> None:
    beside = target.with_name(f".k8squiz-{os.getpid()}-{os.urandom(4).hex()}.part")
    descriptor = os.open(beside, _NEW, 0o666)
    try:
        if mode is not None:
            with contextlib.suppress(OSError):
                beside.chmod(mode)
        _pour(descriptor, pieces, sync=True)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _pour(descriptor: int, pieces: Iterable[str | bytes], sync: bool) -> None:
    with open(descriptor, "wb") as stream:
        # What no UTF-8 file can hold (half of a pair) is spelled out.
        stream.writelines(
            piece if isinstance(piece, bytes) else piece.encode("utf-8", "backslashreplace") for piece in pieces
        )
        if sync:
            stream.flush()
            os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """So that the new name survives a power cut too; not every file system can be asked."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
