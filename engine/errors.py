"""The errors the engine raises, each a message for a person: what is wrong, where, what to do; and reading a file that
somebody named, which goes wrong in the most ways."""

from __future__ import annotations

import codecs
import errno
import os
import stat
import time
from pathlib import Path

from engine.values import pattern

# Characters of a message.
_LONGEST = 1000
_TOO_LONG = pattern(
    r"Exceeds the limit \(\d+ digits\)[^:]*: value has (\d+) digits; use sys\.set_int_max_str_digits\(\)[a-z ]*"
)

_OS_REASONS = {
    errno.ENOENT: ("no such file or folder", "没有这个文件或目录"),
    errno.EACCES: ("permission denied", "没有权限"),
    errno.EPERM: ("permission denied", "没有权限"),
    errno.EISDIR: ("it is a folder", "这是一个目录"),
    errno.ENOTDIR: ("a part of its path is no folder", "路径中有一部分不是目录"),
    errno.ELOOP: ("its links lead in a circle", "符号链接形成了循环"),
    errno.ENAMETOOLONG: ("its name is too long", "文件名太长"),
    errno.ENOSPC: ("the disk is full", "磁盘已满"),
    errno.EDQUOT: ("the quota is used up", "磁盘配额已用完"),
    errno.EFBIG: ("the file would be larger than is allowed", "文件超过允许的大小"),
    errno.EROFS: ("the file system can only be read", "文件系统只读"),
    errno.EIO: ("the disk reports an error", "磁盘读写出错"),
    errno.ENXIO: ("it is a socket, or a device that is not there", "它是套接字，或设备不存在"),
    errno.ETIMEDOUT: (
        "nobody is at the other end of this pipe, or the disk does not answer",
        "管道的另一端没有程序，或磁盘没有响应",
    ),
}
# For how long somebody is awaited at the other end of a named pipe.
PIPE_SECONDS = 5.0
_ENCODINGS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def sentence(text: str) -> str:
    """A message as it may be shown anywhere: what a terminal would obey (ECMA-48, UAX #9) is spelled out, and what
    repeats a long value is cut."""
    # What int() says of a number past Python's own limit names functions of Python.
    text = _TOO_LONG.sub(r"a number of \1 digits", text)
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 60]} [...] {text[-50:]}"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text)


def quoted(value: object) -> str:
    """A value of somebody's file as a message quotes it: escaped, and not longer than is useful."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a number of {value.bit_length()} bits"
    text = ascii(value[:100]) if isinstance(value, str) and not value.isprintable() else None
    if text is None:
        text = repr(value[:100] if isinstance(value, (str, list, tuple)) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."


class EngineError(Exception):
    """Base of everything the engine raises on bad input; nothing else escapes it.

    `error.en` (and `str(error)`) is the English message, `error.zh` the Chinese one.
    """

    def __init__(self, message: str, zh: str = "") -> None:
        self.message = sentence(message)
        self.en = self.message
        self.zh = sentence(zh or message)
        super().__init__(self.message)


class _Placed(EngineError):
    """An error with a place: `file` is the path as the user gave it (`<stdin>`, `<text>` where there is none) and
    `line` counts from 1; both are None where no place can be named."""

    def __init__(self, message: str, file: str | None = None, line: int | None = None, zh: str = "") -> None:
        #: The Chinese message without its place.
        self.message_zh = sentence(zh or message)
        place = "" if file is None else f"{file}:{line}: " if line is not None else f"{file}: "
        super().__init__(place + message, place + (zh or message))
        self.message = sentence(message)
        self.file = file
        self.line = line


class ManifestError(_Placed):
    """A manifest that cannot be what Kubernetes would hold."""


class RuleError(_Placed):
    """Rule text that does not parse, or a ruleset the kernel would refuse (a cyclic jump, an unknown chain)."""


class UnsupportedFeature(EngineError):
    """Something real that the engine does not model, so it refuses to guess."""


class NoSuchObject(EngineError):
    """A node, pod, Service, port or mode that was named but does not exist."""


def os_reason(error: OSError | ValueError) -> tuple[str, str]:
    """Why a file could not be read or written, in English and in Chinese. ValueError: a path with a NUL in it."""
    if not isinstance(error, OSError):
        return "not a usable path", "不是可用的路径"
    return _OS_REASONS.get(error.errno or 0) or (error.strerror or str(error),) * 2


def read_named(path: Path, most: int) -> bytes:
    """The first `most` bytes of a file that somebody named. Raises OSError and ValueError, as os_reason tells them.

    open(2) waits for ever for somebody to write into a named pipe (fifo(7)); here for some seconds.
    """
    if os.name != "posix" or not stat.S_ISFIFO(path.stat().st_mode):
        with path.open("rb") as handle:
            return handle.read(most)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=0) as pipe:
        give_up = time.monotonic() + PIPE_SECONDS
        # b"" where nobody has opened it, None where somebody has and nothing was written yet (read(2)).
        while (head := pipe.read(min(most, 65536))) == b"":
            if time.monotonic() > give_up:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            time.sleep(0.02)
        os.set_blocking(descriptor, True)
        found = bytearray(head or b"")
        while len(found) < most and (piece := pipe.read(min(most - len(found), 1 << 20))):
            found += piece
        return bytes(found)


def text_of(raw: bytes) -> str:
    """The text of a file: UTF-8, or what a byte order mark at its beginning says, which editors and shells of Windows write.
    Raises UnicodeDecodeError."""
    return raw.decode(next((encoding for mark, encoding in _ENCODINGS if raw.startswith(mark)), "utf-8"))


def not_text(raw: bytes, error: UnicodeDecodeError) -> tuple[int, str, str]:
    """Where the text of a file ends to be one, as text_of found: the line, and what is wrong, in English and in Chinese."""
    byte = f"{raw[error.start]:#04x}" if error.start < len(raw) else "the end"
    line = raw.count(b"\n", 0, error.start) + 1
    return line, f"not UTF-8 text (byte {byte}); save it as UTF-8", f"不是 UTF-8 文本（字节 {byte}）；请以 UTF-8 保存"


def no_processes(error: OSError) -> EngineError:
    """What to say where processes cannot be started: Python's pools want a semaphore each, which sem_open(3) keeps in /dev/shm."""
    en, zh = os_reason(error)
    return EngineError(
        f"cannot start processes of its own: {en}; what they share lies in /dev/shm, which must be there and be writable",
        zh=f"无法启动自己的进程：{zh}；它们共享的内容位于 /dev/shm，该目录必须存在且可写",
    )
