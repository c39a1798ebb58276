"""The prompt of an incident: a shell on its hosts, and the words that look at flows, hint, diagnose and end."""

from __future__ import annotations

import sys
from collections.abc import Callable

from engine.errors import UnsupportedFeature
from engine.faults.diagnosis import choices
from engine.faults.run import IncidentRun, unknown
from engine.faults.script import WORDS, read_script_line
from engine.shell.live import ADMINISTRATOR, LiveCluster
from k8squiz.commands.faults import line_amiss
from k8squiz.commands.host_prompt import HostPrompt, edited
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.incident import say
from k8squiz.terminal.console import print_plain
from k8squiz.terminal.sanitize import visible
from k8squiz.terminal.width import screen_width, width_of, wrap
from k8squiz.world.incidents import flows_text, report_text


class Dialog(HostPrompt):
    """Lines typed at a terminal, or read from a pipe, until `done`, the end of what is typed, or of the time."""

    def __init__(self, begun: IncidentRun, lang: Lang, minutes: int | None, clock: Callable[[], float]) -> None:
        self._run = begun
        self._clock = clock
        self._started = clock()
        self._limit = None if minutes is None else minutes * 60.0
        super().__init__(ADMINISTRATOR, lang)

    def run(self) -> IncidentRun:
        """Ask until the end."""
        print_plain(wrapped(report_lines(self._run, self._lang)))
        print_plain(self.help_text())
        self.read_lines()
        return self._run

    @property
    def live(self) -> LiveCluster:
        return self._run.live

    def lead(self) -> str:
        """The time, left or spent."""
        spent = self._clock() - self._started
        seconds = int(spent if self._limit is None else max(0.0, self._limit - spent))
        return f"[{seconds // 60:02d}:{seconds % 60:02d}] "

    def own_words(self) -> tuple[str, ...]:
        return WORDS

    def command_of(self, line: str) -> str:
        read = read_script_line(line)
        return "" if read is None or read.word else read.text

    def ended(self, line: str) -> bool:
        if self._limit is not None and self._clock() - self._started > self._limit:
            print_plain(say("time-over", self._lang))
            return True
        return line.strip() == "done"

    def left_all(self) -> bool:
        print_plain(say("not-left", self._lang))
        return False

    def amiss(self, error: Exception) -> str:
        return line_amiss(error, self._run.incident.name, self._run.incident.seed, self._lang)

    def answer(self, line: str) -> str | None:
        read = read_script_line(line)
        if read is None:
            return None
        if read.word == "flows":
            try:
                failing, self._run = self._run.failing()
            except UnsupportedFeature as error:
                print_plain(pick(unknown(error), self._lang))
                return None
            print_plain(flows_text(self._run.incident.baseline, failing, self._lang))
        elif read.word == "hint":
            text, self._run = self._run.hint()
            print_plain(wrapped(pick(text, self._lang)))
        elif read.word == "report":
            print_plain(wrapped(report_lines(self._run, self._lang)))
        elif read.word == "diagnose":
            self._diagnose(read.text)
        else:
            return self._run_line(read.host or self._logins.here, read.text)
        return None

    def help_text(self) -> str:
        live = self._run.live
        pods = [f"pod/{pod.namespace}/{pod.name}" for pod in live.cluster.pods]
        return wrapped(say("help", self._lang, hosts=", ".join((*live.fabric.nodes, *pods, "client"))))

    def _run_line(self, host: str, line: str) -> str | None:
        run = self._run
        found = None if self._ask is None else edited(line, run.live, host, lambda asked: run.peek(host, asked))
        if found is not None:
            line, live = found
            run = run.with_live(live)
        reply, self._run = run.run(host, line)
        sys.stdout.write(visible(reply.shown))
        sys.stdout.flush()
        return reply.login

    def _diagnose(self, text: str) -> None:
        if not text:
            rows = [f"  {at}. {pick(one.what, self._lang)}" for at, one in enumerate(choices(self._run.incident), 1)]
            print_plain("\n".join((say("choose", self._lang), *rows)))
            return
        self._run = self._run.diagnose(text)
        print_plain(say("noted", self._lang, text=text))


def wrapped(text: str) -> str:
    """Prose in lines that the screen has room for."""
    width = screen_width()
    return "\n".join("\n".join(wrap(line, width)) if width_of(line) > width else line for line in text.split("\n"))


def report_lines(run: IncidentRun, lang: Lang) -> str:
    """The report below the incident's title: the seed alone, since the fault's name would tell."""
    return "\n".join((say("title", lang, id=run.incident.seed), "", report_text(run.incident, lang), ""))
