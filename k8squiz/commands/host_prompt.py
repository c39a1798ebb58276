"""A prompt on the hosts of a cluster: lines, ssh and exit, history, what Tab completes, `kubectl edit` in the user's editor."""

from __future__ import annotations

import abc
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.errors import EngineError
from engine.shell.files import write_file
from engine.shell.line import LineError, Unfinished, read_line
from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.shell.logins import Logins
from engine.shell.registry import names
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import print_plain

_EDIT = re.compile(r"\s*(?:kubectl|k)\s+edit\s+(?P<what>[^|;&<>]+)")
_EDITED = "kubectl-edit.yaml"
# Lines of one command that goes on over several.
_MOST_LINES = 500
# Kinds that one types behind kubectl's verbs.
_KUBECTL = ("get", "describe", "patch", "edit", "apply", "delete", "scale", "label", "annotate", "rollout", "logs", "exec", "debug",
            "pods", "svc", "endpoints", "nodes", "netpol", "deploy")  # fmt: skip


class HostPrompt(abc.ABC):
    """Lines for the hosts of a cluster, typed at a terminal or read from a pipe, one after the other."""

    def __init__(self, host: str, lang: Lang) -> None:
        self._lang = lang
        self._logins = Logins((host,))
        self._typed: list[str] = []
        self._more = False
        self._terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._ask = asker(self.prompt, self.words) if self._terminal else None

    @property
    @abc.abstractmethod
    def live(self) -> LiveCluster:
        """The cluster as it is now."""

    @abc.abstractmethod
    def answer(self, line: str) -> str | None:
        """Do what a line says that neither goes nor leaves, and print it; the host that one is on then, None for the same."""

    @abc.abstractmethod
    def amiss(self, error: Exception) -> str:
        """What is said of an error that nobody foresaw."""

    @abc.abstractmethod
    def help_text(self) -> str:
        """What `help` prints."""

    def complain(self, text: str) -> None:
        """Print what is wrong with a line."""
        print_plain(text)

    def lead(self) -> str:
        """What stands before the host's own prompt."""
        return ""

    def own_words(self) -> tuple[str, ...]:
        """Words that are no tool's."""
        return ()

    def command_of(self, line: str) -> str:
        """What of the line a shell reads."""
        return line

    def ended(self, line: str) -> bool:
        """Whether nothing is read any more, `line` included."""
        return False

    def left_all(self) -> bool:
        """Whether leaving the first host is the end."""
        return True

    def read_lines(self) -> None:
        """Ask until the end."""
        while True:
            line = self._read()
            if line is None or self.ended(line):
                return
            try:
                if line.strip() and not self._line(line.strip()):
                    return
            except EngineError as error:
                self.complain(pick(error, self._lang))
            except OSError:
                # The end of output: no line's fault.
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the next line comes
                self.complain(self.amiss(error))

    def prompt(self) -> str:
        """The host's own, or that of a command which is not at its end."""
        return "> " if self._more else self.lead() + self._logins.prompt(self.live)

    def words(self) -> list[str]:
        """What Tab completes."""
        return completed(self.live, self._logins.here, self.own_words())

    def _read(self) -> str | None:
        """The next line, with those that it goes on over; None at the end."""
        line = self._typed_line()
        for _ in range(_MOST_LINES):
            if line is None or not self._goes_on(line):
                break
            self._more = True
            further = self._typed_line()
            self._more = False
            if not further:
                # The end of what is typed, or Ctrl-C, which drops all of it.
                return line if further is None else ""
            line = f"{line.removesuffix(chr(10))}\n{further}"
        return line

    def _goes_on(self, line: str) -> bool:
        """Whether a shell would ask for more: at a terminal for whatever is open, from a pipe for a here-document alone."""
        try:
            read_line(self.command_of(line.strip()))
        except Unfinished as error:
            return self._terminal or error.document
        except LineError:
            pass
        return False

    def _typed_line(self) -> str | None:
        try:
            if self._ask is not None:
                return self._ask() + "\n"
            return sys.stdin.readline() or None
        except EOFError:
            return None
        except KeyboardInterrupt:
            # At a shell's prompt it drops the line.
            return ""

    def _line(self, line: str) -> bool:
        """Do what the line says; whether more are read."""
        self._typed.append(line)
        if line == "history":
            print_plain(listed(self._typed))
        elif line.split(maxsplit=1)[0] in ("help", "?"):
            print_plain(self.help_text())
        else:
            moved = self._logins.moved(self.live, line)
            if moved is None:
                host = self.answer(line)
                self._logins = self._logins if host is None else self._logins.entered(host)
            elif moved.hosts:
                self._logins = moved
            else:
                return not self.left_all()
        return True


def completed(live: LiveCluster, host: str, more: Iterable[str] = ()) -> list[str]:
    """What Tab completes on a host: tools, hosts, its devices, the API's objects by name."""
    devices = list(live.fabric.host(host).devices) if host != ADMINISTRATOR else []
    cluster = live.cluster
    objects = [pod.name for pod in cluster.pods] + [service.name for service in cluster.services]
    found = [*names(), "ssh", "exit", "help", "history", *more, *live.fabric.nodes, *devices]
    return list(dict.fromkeys((*found, *_KUBECTL, *objects)))


def asker(prompt: Callable[[], str], words: Callable[[], list[str]]) -> Callable[[], str]:
    """A function that asks for one line at the terminal, with history and completion."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import InMemoryHistory

    asked: PromptSession[str] = PromptSession(history=InMemoryHistory())

    def ask() -> str:
        completer = WordCompleter(words())
        return asked.prompt(prompt(), completer=completer, complete_while_typing=False, enable_suspend=True)

    return ask


def listed(lines: list[str]) -> str:
    """As `history` lists them."""
    return "".join(f"{number:5}  {line}\n" for number, line in enumerate(lines, 1))


def edited(line: str, live: LiveCluster, host: str, get: Callable[[str], str]) -> tuple[str, LiveCluster] | None:
    """For a line that is `kubectl edit` alone: the line that takes what the user's editor made of the manifest, and the cluster
    with the file it reads; None for any other line, and where no editor could be run. `get` answers a line."""
    found = _EDIT.fullmatch(line)
    if found is None:
        return None
    before = get(f"kubectl get {found['what']} -o yaml")
    after = in_editor(before) if before else None
    if after is None:
        return None
    return f"{line.strip()} < {_EDITED}", write_file(live, host, _EDITED, after)


def in_editor(text: str) -> str | None:
    """What $VISUAL, $EDITOR or vi makes of a text; None where there is none, or it fails."""
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kubectl-edit.yaml")
        file.write_text(text, encoding="utf-8")
        try:
            # The user's own editor, on a file that is gone afterwards.
            done = subprocess.run((*editor, str(file)), check=False)  # noqa: S603
            return file.read_text(encoding="utf-8") if done.returncode == 0 else None
        except (OSError, UnicodeDecodeError):
            return None
