"""The prompt of an incident: a shell on its hosts, and the words that look at flows, hint, diagnose and end."""

from __future__ import annotations

import sys
from collections.abc import Callable

from engine.errors import EngineError, UnsupportedFeature
from engine.faults.diagnosis import choices
from engine.faults.run import IncidentRun, unknown
from engine.faults.script import WORDS, read_script_line
from engine.shell.live import ADMINISTRATOR
from k8squiz.commands.faults import line_amiss
from k8squiz.commands.host_prompt import asker, completed, edited, listed
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.incident import say
from k8squiz.terminal.console import print_plain
from k8squiz.terminal.sanitize import visible
from k8squiz.terminal.width import screen_width, width_of, wrap
from k8squiz.world.incidents import flows_text, report_text


class Dialog:
    """Lines typed at a terminal, or read from a pipe, until `done`, the end of what is typed, or of the time."""

    def __init__(self, begun: IncidentRun, lang: Lang, minutes: int | None, clock: Callable[[], float]) -> None:
        self._run = begun
        self._lang = lang
        self._clock = clock
        self._started = clock()
        self._limit = None if minutes is None else minutes * 60.0
        self._hosts = [ADMINISTRATOR]
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._typed: list[str] = []
        self._ask = asker(self.prompt, self.words) if terminal else None

    def run(self) -> IncidentRun:
        """Ask until the end."""
        print_plain(wrapped(report_lines(self._run, self._lang)))
        print_plain(wrapped(self._help()))
        while True:
            line = self._read()
            if line is None:
                return self._run
            if self._limit is not None and self._clock() - self._started > self._limit:
                print_plain(say("time-over", self._lang))
                return self._run
            if line.strip() == "done":
                return self._run
            try:
                self._answer(line.strip())
            except UnsupportedFeature as error:
                print_plain(pick(unknown(error), self._lang))
            except EngineError as error:
                print_plain(pick(error, self._lang))
            except OSError:
                # The end of output: no line's fault.
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the next line comes
                print_plain(line_amiss(error, self._run.incident.name, self._run.incident.seed, self._lang))

    def prompt(self) -> str:
        """The time, left or spent, and the host's own prompt."""
        spent = self._clock() - self._started
        seconds = int(spent if self._limit is None else max(0.0, self._limit - spent))
        host = self._hosts[-1]
        shown = "$" if host == ADMINISTRATOR else f"root@{host}:~#" if host in self._run.live.fabric.nodes else f"{host}:/#"  # fmt: skip
        return f"[{seconds // 60:02d}:{seconds % 60:02d}] {shown} "

    def words(self) -> list[str]:
        """What Tab completes."""
        return completed(self._run.live, self._hosts[-1], WORDS)

    def _read(self) -> str | None:
        try:
            if self._ask is not None:
                return self._ask()
            return sys.stdin.readline() or None
        except EOFError:
            return None
        except KeyboardInterrupt:
            # At a shell's prompt it drops the line.
            return ""

    def _answer(self, line: str) -> None:
        words = line.split()
        if not words:
            return
        self._typed.append(line)
        if words == ["history"]:
            print_plain(listed(self._typed))
        elif words[0] in ("help", "?"):
            print_plain(wrapped(self._help()))
        elif words[0] in ("exit", "logout") and len(words) == 1:
            if len(self._hosts) > 1:
                self._hosts.pop()
        elif words[0] == "ssh":
            self._hosts.append(self._run.live.host_named(words[1] if len(words) == 2 else "?"))
        else:
            self._command(line)

    def _command(self, line: str) -> None:
        read = read_script_line(line)
        if read is None:
            return
        if read.word == "flows":
            failing, self._run = self._run.failing()
            print_plain(flows_text(self._run.incident.baseline, failing, self._lang))
        elif read.word == "hint":
            text, self._run = self._run.hint()
            print_plain(wrapped(pick(text, self._lang)))
        elif read.word == "report":
            print_plain(wrapped(report_lines(self._run, self._lang)))
        elif read.word == "diagnose":
            self._diagnose(read.text)
        else:
            self._run_line(read.host or self._hosts[-1], read.text)

    def _run_line(self, host: str, line: str) -> None:
        run = self._run
        found = None if self._ask is None else edited(line, run.live, host, lambda asked: run.peek(host, asked))
        if found is not None:
            line, live = found
            run = run.with_live(live)
        reply, self._run = run.run(host, line)
        sys.stdout.write(visible(reply.shown))
        sys.stdout.flush()

    def _diagnose(self, text: str) -> None:
        if not text:
            rows = [f"  {at}. {pick(one.what, self._lang)}" for at, one in enumerate(choices(self._run.incident), 1)]
            print_plain("\n".join((say("choose", self._lang), *rows)))
            return
        self._run = self._run.diagnose(text)
        print_plain(say("noted", self._lang, text=text))

    def _help(self) -> str:
        live = self._run.live
        pods = [f"pod/{pod.namespace}/{pod.name}" for pod in live.cluster.pods]
        return say("help", self._lang, hosts=", ".join((*live.fabric.nodes, *pods, "client")))


def wrapped(text: str) -> str:
    """Prose in lines that the screen has room for."""
    width = screen_width()
    return "\n".join("\n".join(wrap(line, width)) if width_of(line) > width else line for line in text.split("\n"))


def report_lines(run: IncidentRun, lang: Lang) -> str:
    """The report below the incident's title: the seed alone, since the fault's name would tell."""
    return "\n".join((say("title", lang, id=run.incident.seed), "", report_text(run.incident, lang), ""))
