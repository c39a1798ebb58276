"""Network namespaces: made, entered, and programs run in them (network_namespaces(7), setns(2), unshare(2)).

A namespace that is held by a file descriptor alone ends with the process that holds it, also when that is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from engine.lab.errors import LabUnavailable

CLONE_NEWNET = 0x40000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PR_SET_PDEATHSIG = 1
_OWN = "/proc/thread-self/ns/net"


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def setns(descriptor: int) -> None:
    """Move the calling thread into the network namespace behind `descriptor`."""
    if _libc().setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def unshare(flags: int) -> None:
    """Give the calling thread new namespaces of its own."""
    if _libc().unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def hide_run() -> None:
    """In a mount namespace of this process's own: an empty /run that ends with it, so that no lock file of a tool stays
    behind and none of the host's is waited for."""
    libc = _libc()
    if (
        libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None) != 0
        or libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, None) != 0
    ):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def own_name(name: str) -> None:
    """Give this process a host name of its own."""
    unshare(CLONE_NEWUTS)
    socket.sethostname(name)


class Namespace:
    """One network namespace, held open. `path` names it to ip(8), wherever that runs."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @property
    def path(self) -> str:
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @classmethod
    def create(cls) -> Namespace:
        """A new, nameless namespace."""
        made: list[int] = []
        failed: list[OSError] = []

        def work() -> None:
            try:
                unshare(CLONE_NEWNET)
                made.append(os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC))
            except OSError as error:
                failed.append(error)

        # A thread of its own, so that the caller's thread stays where it is.
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failed:
            raise LabUnavailable(
                f"cannot make a network namespace: {failed[0].strerror} (root is needed)",
                zh=f"无法创建网络命名空间：{failed[0].strerror}（需要 root 权限）",
            )
        return cls(made[0])

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread works inside the namespace: sockets it opens, programs it starts, /proc/sys/net."""
        before = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
        try:
            setns(self.descriptor)
            yield
        finally:
            setns(before)
            os.close(before)

    def run(self, *words: str, text: str = "") -> str:
        """Run a program inside, with `text` as its input: what it printed. Raises LabUnavailable where it fails."""
        with self.entered():
            return run(*words, text=text)

    def sysctl(self, path: str, value: int) -> None:
        """Write net.PATH, a path with slashes."""
        with self.entered():
            try:
                Path("/proc/sys/net", path).write_text(str(value))
            except OSError as error:
                raise LabUnavailable(
                    f"cannot set net.{path.replace('/', '.')}: {error.strerror}",
                    zh=f"无法设置 net.{path.replace('/', '.')}：{error.strerror}",
                ) from None

    @classmethod
    def of_process(cls, pid: int, descriptor: int) -> Namespace:
        """A namespace that another process holds open."""
        return cls(os.open(f"/proc/{pid}/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC))

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def tool(name: str) -> str | None:
    """Where a program is, also in the folders that only root has in its PATH; None where it is not installed."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")


def run(*words: str, text: str = "", tied: bool = False) -> str:
    """Run a program; its output. Raises LabUnavailable with what it complained of. `tied`: it is killed with this process."""
    program = tool(words[0])
    if program is None:
        raise LabUnavailable(f"{words[0]} is not installed", zh=f"没有安装 {words[0]}")
    try:
        done = subprocess.run(
            (program, *words[1:]),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            preexec_fn=die_with_parent if tied else None,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabUnavailable(f"{words[0]} cannot be run: {error}", zh=f"无法运行 {words[0]}：{error}") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[:2000]
        raise LabUnavailable(
            f"{' '.join(words)} failed ({done.returncode}): {said}",
            zh=f"{' '.join(words)} 执行失败（{done.returncode}）：{said}",
        )
    return done.stdout


def die_with_parent() -> None:
    """Have this process killed when the one that started it ends, however that ends (prctl(2) PR_SET_PDEATHSIG)."""
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
