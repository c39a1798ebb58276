"""Labs that stay up: a background process that holds the namespaces, and a note of where it is.

The namespaces have no names: they end with that process, whatever ends it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import EngineError
from engine.lab.errors import LabUnavailable
from engine.lab.live import Lab


@dataclasses.dataclass(frozen=True, slots=True)
class Running:
    """One lab: its process (with the time it started, since numbers are used again) and each host's descriptor."""

    name: str
    pid: int
    started: str
    hosts: dict[str, int]
    path: Path

    def alive(self) -> bool:
        return _started(self.pid) == self.started


def folder() -> Path:
    """The user's own folder for notes: XDG_RUNTIME_DIR, else the temporary folder. Refuses one of somebody else's."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    path = Path(base, "k8squiz-lab") if base else Path(tempfile.gettempdir(), f"k8squiz-lab-{os.getuid()}")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise LabUnavailable(
            f"{path} is not a folder of yours; remove it, or set XDG_RUNTIME_DIR",
            zh=f"{path} 不是你的目录；请删除它，或设置 XDG_RUNTIME_DIR",
        )
    return path


def running() -> list[Running]:
    """All labs that notes tell of, alive or not."""
    found = []
    for path in sorted(folder().glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(path.read_text())
            hosts = {str(name): int(fd) for name, fd in told["hosts"].items()}
            found.append(Running(path.stem, int(told["pid"]), str(told["started"]), hosts, path))
    return found


def start(make: Callable[[], Lab]) -> Running:
    """Build a lab in a background process and leave it there. Raises what building it raised, as LabUnavailable."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        _hold(make, writing)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    told = json.loads(said) if said else _ENDED
    if "up" in told:
        return next(lab for lab in running() if lab.name == told["up"])
    raise LabUnavailable(told["en"], zh=told["zh"])


_ENDED = {"en": "the lab's process ended while it was built", "zh": "实验环境的进程在搭建时退出"}


def _hold(make: Callable[[], Lab], writing: int) -> None:
    """The background process: build, write the note, say so, wait for the end."""
    path = None
    try:
        _leave_terminal()
        lab = make()
        lab.build()
        name = f"lab{os.getpid()}"
        path = folder() / f"{name}.json"
        hosts = {host: namespace.descriptor for host, namespace in lab.namespaces.items()}
        note = {"pid": os.getpid(), "started": _started(os.getpid()), "hosts": hosts}
        path.write_text(json.dumps(note))
        os.write(writing, json.dumps({"up": name}).encode())
        os.close(writing)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    except EngineError as error:
        _tell(writing, error.en, error.zh)
    except OSError as error:
        _tell(writing, str(error), str(error))
    finally:
        if path is not None:
            path.unlink(missing_ok=True)
        os._exit(0)


def _tell(writing: int, en: str, zh: str) -> None:
    with contextlib.suppress(OSError):
        os.write(writing, json.dumps({"en": en, "zh": zh}).encode())


def _leave_terminal() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def stop(lab: Running) -> None:
    """End a lab and its note. Programs that run inside keep their own namespace until they end."""
    if lab.alive():
        os.kill(lab.pid, signal.SIGTERM)
        for _ in range(100):
            if not lab.alive():
                break
            time.sleep(0.02)
        else:
            os.kill(lab.pid, signal.SIGKILL)
    lab.path.unlink(missing_ok=True)


def tidy() -> None:
    """Take the folder of notes away where no lab has one."""
    with contextlib.suppress(OSError):
        folder().rmdir()


def _started(pid: int) -> str | None:
    """When a process started, in clock ticks since boot (proc(5), stat, field 22); None where there is no such one."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]
