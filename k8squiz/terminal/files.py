"""Files that the user named: read whole and as text; written so that the one before stays whole until the new one is on
the disk."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from engine import errors
from engine.errors import not_text, os_reason, read_named, text_of
from k8squiz.errors import QuizError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def there(path: Path, look: Callable[[Path], bool] = Path.exists) -> bool:
    """Whether `look` finds something at `path`; nothing is where no file can be (a name too long, a NUL in it)."""
    try:
        return look(path)
    except (OSError, ValueError):
        return False


def read_text(path: Path | str, most: int) -> str:
    """What stands in the file, or comes in where it is "-". Raises QuizError for more than `most` bytes, for what is no text,
    and for what cannot be read."""
    try:
        raw = _standard_input(most + 1) if str(path) == "-" else read_named(Path(path), most + 1)
    except (OSError, ValueError) as error:
        en, zh = os_reason(error)
        raise QuizError(f"{path}: cannot be read: {en}", f"{path}：无法读取：{zh}") from None
    if len(raw) > most:
        size = f"{most >> 20} MiB" if most >> 20 else f"{most >> 10} KiB"
        raise QuizError(f"{path}:1: larger than the {size} that are read", f"{path}:1：超过最多读取的 {size}")
    try:
        return text_of(raw)
    except UnicodeDecodeError as error:
        line, en, zh = not_text(raw, error)
        raise QuizError(f"{path}:{line}: {en}", f"{path}:{line}：{zh}") from None


def _standard_input(most: int) -> bytes:
    source = getattr(sys.stdin, "buffer", None)
    return bytes(source.read(most) if source is not None else sys.stdin.read(most).encode("utf-8", "surrogateescape"))


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
            _pour(_opened(target, stat.S_ISFIFO(found.st_mode)), pieces, sync=False)
            return
        _replace(target, pieces, None if found is None else stat.S_IMODE(found.st_mode))
    except (OSError, ValueError, RuntimeError) as error:
        en, zh = os_reason(error) if not isinstance(error, RuntimeError) else ("there is no such user", "没有这个用户")
        raise QuizError(f"{path}: cannot be written: {en}", f"{path}：无法写入：{zh}") from None


def _opened(target: Path, pipe: bool) -> int:
    """A descriptor of what is no file. For somebody who reads from a named pipe open(2) would wait for ever (fifo(7))."""
    if not pipe:
        return os.open(target, os.O_WRONLY)
    give_up = time.monotonic() + errors.PIPE_SECONDS
    while True:
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > give_up:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from None
            time.sleep(0.02)
        else:
            os.set_blocking(descriptor, True)
            return descriptor


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
