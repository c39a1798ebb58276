"""Commands that were read from a line, run on a host one after the other: each tool's output into the next.

Source: POSIX.1-2017, XCU 2.8.2 (exit status), 2.9 (lists, compound commands), 2.9.1.1 (search); 126 and 127 as sh(1) has them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from engine.errors import EngineError
from engine.shell.expand import Meaning, environment, fields, text_of, words_of
from engine.shell.files import FileRefused, read_file, write_file
from engine.shell.interface import Call, Result
from engine.shell.line import (
    Command,
    Compound,
    ForLoop,
    GroupCommand,
    IfCommand,
    LineError,
    Lines,
    Pipeline,
    Redirection,
    WhileLoop,
    read_line,
)
from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.shell.registry import find_tool
from engine.shell.special import BUILT_IN

# Characters that one line may print: what is beyond is cut with a word.
MOST_OUTPUT = 4_000_000
# Commands that one line may run in all, and rounds of one loop that ends by its condition alone.
_MOST_RUN, _MOST_ROUNDS = 500, 20
# Seconds of the cluster's clock that a command takes which does not wait for anything.
_TAKES = 0.1
# Lines that run other lines, one inside the other.
_DEEPEST = 8


class Runner:
    """Runs lines on `host`; `live` is the cluster now, `variables` those of the shell there, `stopped`: nothing more is run.

    It is an engine.shell.special.RunningShell.
    """

    def __init__(self, live: LiveCluster, host: str, status: int, depth: int = 0) -> None:
        self.live = live
        self.host = host
        self.stopped = False
        self.variables: dict[str, str] = {**environment(live, host), **live.state(host).variables}
        self.status = int(self.variables.pop("?", status))
        self._depth = depth
        self._ran = 0
        self._input: str | None = None
        self._login: str | None = None

    def lines(self, lines: Lines, stdin: str | None = None) -> Result:
        """What they print, and the status of the last one."""
        before = self._input
        if stdin is not None:
            self._input = stdin
        out, err, shown = "", "", ""
        for one in lines:
            if self.stopped:
                break
            if (one.connector == "&&" and self.status != 0) or (one.connector == "||" and self.status == 0):
                continue
            result = self._with_captures(self._pipeline(one))
            self.status = result.status
            out, err = _more(out, result.stdout), _more(err, result.stderr)
            shown = _more(shown, result.stderr + result.stdout if result.shown is None else result.shown)
        if stdin is not None:
            self._input = before
        return Result(out, err, self.status, login=self._login, shown=shown)

    def left(self) -> LiveCluster:
        """The cluster after it, which remembers the shell's variables."""
        own = environment(self.live, self.host)
        kept = {name: value for name, value in self.variables.items() if own.get(name) != value}
        if self.status:
            kept["?"] = str(self.status)
        state = self.live.state(self.host)
        if dict(state.variables) == kept:
            return self.live
        return self.live.with_state(self.host, dataclasses.replace(state, variables=kept))

    def has(self, name: str) -> bool:
        """Whether there is a tool of that name on the host."""
        tool = find_tool(name)
        if tool is None:
            return False
        return tool.at_administrator if self.host == ADMINISTRATOR else self.live.has(self.host, tool.hosts)

    def line(self, text: str) -> Result:
        """Run a line in this shell."""
        return self._inner(self, text, None)

    def _with_captures(self, result: Result) -> Result:
        """With what packet sockets that are open print of what the command sent, before its own output ends."""
        if not (self.live.captures and self.live.packets):
            return result
        from engine.shell.captures import show

        seen, self.live = show(self.live)
        shown = None if result.shown is None else seen + result.shown
        return dataclasses.replace(result, stderr=result.stderr + seen, shown=shown)

    def _pipeline(self, pipeline: Pipeline) -> Result:
        if len(pipeline.commands) == 1:
            result = self._one(pipeline.commands[0], None, pipeline.background)
        else:
            # Each of a pipe's commands has a shell of its own.
            kept, stdin, errors = dict(self.variables), None, ""
            for command in pipeline.commands[:-1]:
                passed = self._one(command, stdin, pipeline.background)
                errors += passed.stderr
                stdin = passed.stdout
            result = self._one(pipeline.commands[-1], stdin, pipeline.background)
            shown = None if result.shown is None else errors + result.shown
            result = dataclasses.replace(result, stderr=errors + result.stderr, shown=shown)
            self.variables = kept
        return dataclasses.replace(result, status=int(not result.status)) if pipeline.negated else result

    def _one(self, command: Command | Compound, stdin: str | None, background: bool) -> Result:
        self._ran += 1
        if self._ran > _MOST_RUN or self.stopped:
            return self._enough(f"more than {_MOST_RUN} commands in one line")
        try:
            for one in command.redirections:
                if one.number == 0:
                    stdin = self._read(one)
            meaning = self._meaning()
            redirections = tuple(
                dataclasses.replace(one, path=text_of(one.path, one.expansions, meaning), expansions=())
                for one in command.redirections
            )
            if isinstance(command, Command):
                result = self._simple(command, self._input if stdin is None else stdin, background)
            else:
                result = self._compound(command, stdin)
            return self._redirected(result, redirections)
        except FileRefused as error:
            return Result(stderr=f"sh: {error}\n", status=1)

    def _enough(self, why: str) -> Result:
        """No more is run; said once."""
        said = "" if self.stopped else f"sh: stopped here: {why}\n"
        self.stopped = True
        return Result(stderr=said, status=self.status or 1)

    def _simple(self, command: Command, stdin: str | None, background: bool) -> Result:
        meaning = self._meaning()
        words = words_of(command.words, command.expansions, meaning)
        before = dict(self.variables)
        for name, value in command.assigned:
            self.variables[name] = text_of(value.text, value.expansions, self._meaning())
        if not words:
            return Result()
        result = self._tool(words, stdin, background)
        if command.assigned:
            self.variables = before
        return result

    def _tool(self, words: tuple[str, ...], stdin: str | None, background: bool) -> Result:
        name = words[0]
        if name in BUILT_IN:
            result = BUILT_IN[name](self, words, stdin)
            if name == "read" and stdin is not None and stdin == self._input:
                self._input = stdin.partition("\n")[2]
            if name == "cd":
                self.live = self.left()
            return result
        self.live = self.live.later(_TAKES)
        tool = find_tool(name)
        if tool is None or not self.has(name):
            return Result(stderr=f"sh: {_shown(name)}: command not found\n", status=127)
        try:
            result = tool.run(Call(self.live, self.host, words, stdin, self._execute, background, self._run_line))
        except EngineError as error:
            # What the model does not know is said as the tool's own failure, never guessed.
            return Result(stderr=f"{_shown(name)}: {error.en}\n", status=1)
        self.live = result.live or self.live
        if result.login is not None:
            self._login = result.login
        return result

    def _compound(self, command: Compound, stdin: str | None) -> Result:
        before, self._input = self._input, self._input if stdin is None else stdin
        try:
            if isinstance(command, ForLoop):
                return self._for(command)
            if isinstance(command, WhileLoop):
                return self._while(command)
            if isinstance(command, IfCommand):
                return self._choice(command)
            return self._group(command)
        finally:
            self._input = before

    def _for(self, loop: ForLoop) -> Result:
        meaning = self._meaning()
        values = [one for word in loop.values for one in fields(word.text, word.expansions, meaning)]
        found: list[Result] = []
        for value in values:
            if self.stopped:
                break
            self.variables[loop.name] = value
            found.append(self.lines(loop.body))
        return self._joined(found)

    def _while(self, loop: WhileLoop) -> Result:
        found: list[Result] = []
        for number in range(_MOST_ROUNDS + 1):
            condition = self.lines(loop.condition)
            found.append(dataclasses.replace(condition, status=0))
            if (condition.status == 0) is loop.until or self.stopped:
                break
            if number == _MOST_ROUNDS:
                found.append(self._enough(f"{_MOST_ROUNDS} rounds of a loop, as by Ctrl-C"))
                break
            found.append(self.lines(loop.body))
        return self._joined(found)

    def _choice(self, choice: IfCommand) -> Result:
        found: list[Result] = []
        for condition, body in choice.branches:
            asked = self.lines(condition)
            found.append(dataclasses.replace(asked, status=0))
            if asked.status == 0:
                return self._joined((*found, self.lines(body)))
        return self._joined((*found, self.lines(choice.otherwise)) if choice.otherwise else found)

    def _group(self, group: GroupCommand) -> Result:
        kept = dict(self.variables)
        result = self.lines(group.body)
        if group.apart:
            self.variables, self.stopped = kept, False
        return result

    def _joined(self, results: Iterable[Result]) -> Result:
        out, err, shown, status = "", "", "", 0
        for one in results:
            out, err, status = _more(out, one.stdout), _more(err, one.stderr), one.status
            shown = _more(shown, one.stderr + one.stdout if one.shown is None else one.shown)
        return Result(out, err, status, shown=shown)

    def _meaning(self) -> Meaning:
        special = {"?": str(self.status), "$": "2741", "!": "", "#": "0", "@": "", "*": "", "0": "sh"}
        return Meaning(self.live, self.host, {**self.variables, **special}, self._output)

    def _output(self, text: str) -> str:
        """What a line prints on standard output, in a shell of its own (`$(...)`)."""
        kept = dict(self.variables)
        result = self._inner(self, text, None)
        self.variables = kept
        return result.stdout

    def _inner(self, runner: Runner, text: str, stdin: str | None) -> Result:
        """A line inside of another one, by `runner`."""
        if self._depth >= _DEEPEST:
            return self._enough(f"{_DEEPEST} lines one inside the other")
        try:
            lines = read_line(text)
        except LineError as error:
            return Result(stderr=f"{error}\n", status=2)
        self._depth += 1
        result = runner.lines(lines, stdin)
        self._depth -= 1
        return result

    def _execute(self, live: LiveCluster, host: str, words: tuple[str, ...], stdin: str | None) -> Result:
        return self._other(live, host).run_words(words, stdin)

    def _run_line(self, live: LiveCluster, host: str, line: str, stdin: str | None) -> Result:
        """A line on `host` in a shell of its own (ssh HOST LINE, sh -c LINE)."""
        inner = self._other(live, host)
        result = self._inner(inner, line, stdin)
        self._ran = inner._ran
        return dataclasses.replace(result, live=inner.live)

    def _other(self, live: LiveCluster, host: str) -> Runner:
        inner = Runner(live, host, 0, self._depth)
        inner._ran = self._ran
        return inner

    def run_words(self, words: tuple[str, ...], stdin: str | None) -> Result:
        """One command by its words, as nothing is expanded any more."""
        result = self._tool(words, stdin, False)
        return dataclasses.replace(result, live=self.live)

    def _read(self, one: Redirection) -> str:
        """What a command reads by `<`, `<<` or `<<<`. Raises FileRefused."""
        if one.given is None:
            return read_file(self.live, self.host, text_of(one.path, one.expansions, self._meaning()))
        return text_of(one.path, one.expansions, self._meaning()) + one.given

    def _redirected(self, result: Result, redirections: tuple[Redirection, ...]) -> Result:
        """Its streams where they go. Raises FileRefused."""
        if not any(one.number for one in redirections):
            return result
        streams = {1: result.stdout, 2: result.stderr}
        kept = {1: "", 2: ""}
        goes: dict[int, Redirection | int] = {1: 1, 2: 2}
        for one in redirections:
            if one.duplicate is not None:
                goes[one.number] = goes[one.duplicate]
            elif one.number:
                goes[one.number] = one
        for number, to in goes.items():
            if isinstance(to, int):
                kept[to] += streams[number]
            elif to.path != "/dev/null":
                self.live = write_file(self.live, self.host, to.path, streams[number], append=to.append)
        return dataclasses.replace(result, stdout=kept[1], stderr=kept[2], shown=None)


def _more(text: str, further: str) -> str:
    """What is shown in the end, and no more than one character of what is cut."""
    return text if len(text) > MOST_OUTPUT else (text + further)[: MOST_OUTPUT + 1]


def _shown(name: str) -> str:
    text = name if name.isprintable() else ascii(name)[1:-1]
    return text if len(text) <= 100 else f"{text[:97]}..."
