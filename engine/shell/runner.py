"""Commands that were read from a line, run on a host one after the other: each tool's output into the next.

Source: POSIX.1-2017, XCU 2.8.2 (exit status), 2.9 (lists, compound commands), 2.9.1.1 (search); 126 and 127 as sh(1) has them.
"""

from __future__ import annotations

import dataclasses
import hashlib

from engine.errors import EngineError
from engine.shell.arithmetic import BadArithmetic
from engine.shell.compound import Leaving, more, run_compound
from engine.shell.dev_tcp import connect, is_connection
from engine.shell.expand import Meaning, environment, glob_of, text_of, words_of
from engine.shell.files import FileRefused, read_file, write_file
from engine.shell.interface import Call, Result
from engine.shell.line import LineError, read_line
from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.shell.not_simulated import reason
from engine.shell.parameters import UnsetParameter
from engine.shell.registry import find_tool
from engine.shell.special import BUILT_IN
from engine.shell.syntax import Command, Compound, Lines, Pipeline, Redirection

# Commands that one line may run in all.
_MOST_RUN = 500
# Seconds of the cluster's clock that a command takes which does not wait for anything.
_TAKES = 0.1
# Files that are a command's own streams.
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
# Lines that run other lines, one inside the other.
_DEEPEST = 8


class _NotConnected(Exception):
    """What the shell says of a redirection that is a connection it does not get."""


class Runner:
    """Runs lines on `host`; `live` is the cluster now, `variables`, `functions` and `aliases` those of the shell there.

    `stopped`: nothing more is run, in no other shell of the line either where it is `spent`. `given` are the words that the
    function which runs was called with, `locals` what its own variables were before it (None: they were not).

    It is an engine.shell.special.RunningShell and an engine.shell.compound.CompoundShell.
    """

    def __init__(self, live: LiveCluster, host: str, status: int, depth: int = 0) -> None:
        self.live = live
        self.host = host
        self.stopped = False
        self.spent = False
        state = live.state(host)
        self.variables: dict[str, str] = {**environment(live, host), **state.variables}
        self.status = int(self.variables.pop("?", status))
        self.functions: dict[str, Compound] = dict(state.functions)
        self.aliases: dict[str, str] = dict(state.aliases)
        self.given: tuple[str, ...] = ()
        self.locals: dict[str, str | None] | None = None
        self.loops = 0
        self.leaving: Leaving | None = None
        self._depth = depth
        self._ran = 0
        self._input: str | None = None
        self._login: str | None = None
        # The status of the last line whose output a word became.
        self._substituted = 0

    def lines(self, lines: Lines, stdin: str | None = None) -> Result:
        """What they print, and the status of the last one."""
        before = self._input
        if stdin is not None:
            self._input = stdin
        out, err, shown = "", "", ""
        for one in lines:
            if self.stopped or self.leaving is not None:
                break
            if (one.connector == "&&" and self.status != 0) or (one.connector == "||" and self.status == 0):
                continue
            result = self._with_captures(self._pipeline(one))
            self.status = result.status
            out, err = more(out, result.stdout), more(err, result.stderr)
            shown = more(shown, result.stderr + result.stdout if result.shown is None else result.shown)
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
        if (dict(state.variables), dict(state.functions), dict(state.aliases)) == (kept, self.functions, self.aliases):
            return self.live
        state = dataclasses.replace(state, variables=kept, functions=self.functions, aliases=self.aliases)
        return self.live.with_state(self.host, state)

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
                self.stopped, self.leaving = self.spent, None
                errors += passed.stderr
                stdin = passed.stdout
            result = self._one(pipeline.commands[-1], stdin, pipeline.background)
            shown = None if result.shown is None else errors + result.shown
            result = dataclasses.replace(result, stderr=errors + result.stderr, shown=shown)
            self.variables = kept
            self.stopped, self.leaving = self.spent, None
        return dataclasses.replace(result, status=int(not result.status)) if pipeline.negated else result

    def _one(self, command: Command | Compound, stdin: str | None, background: bool) -> Result:
        self._ran += 1
        if self._ran > _MOST_RUN or self.stopped:
            return self.enough(f"more than {_MOST_RUN} commands in one line")
        try:
            for one in command.redirections:
                if one.number == 0:
                    stdin = self._read(one)
            meaning = self.meaning()
            redirections = tuple(
                dataclasses.replace(one, path=text_of(one.path, one.expansions, meaning), expansions=())
                for one in command.redirections
            )
            self._connect(redirections)
            if isinstance(command, Command):
                result = self._simple(command, self._input if stdin is None else stdin, background)
            else:
                result = self._compound(command, stdin)
            return self._redirected(result, redirections)
        except FileRefused as error:
            return Result(stderr=f"sh: {error}\n", status=1)
        except (BadArithmetic, UnsetParameter) as error:
            # An expansion that fails ends the line (bash: DISCARD).
            self.stopped = True
            return Result(stderr=f"sh: {error}\n", status=1)
        except _NotConnected as error:
            return Result(stderr=str(error), status=1)

    def enough(self, why: str) -> Result:
        """No more is run; said once."""
        said = "" if self.spent else f"sh: stopped here: {why}\n"
        self.stopped = self.spent = True
        return Result(stderr=said, status=self.status or 1)

    def _simple(self, command: Command, stdin: str | None, background: bool) -> Result:
        self._substituted = 0
        words = self._words(command)
        before = {name: self.variables.get(name) for name, _ in command.assigned}
        for name, value in command.assigned:
            self.variables[name] = text_of(value.text, value.expansions, self.meaning())
        if not words:
            return Result(status=self._substituted)
        result = self._tool(words, stdin, background)
        for name, held in before.items():
            self.variables.pop(name, None)
            if held is not None:
                self.variables[name] = held
        return result

    def _words(self, command: Command) -> tuple[str, ...]:
        meaning = self.meaning()
        if command.words[:1] != ("[[",) or not command.expansions:
            return words_of(command.words, command.expansions, meaning)
        # There no word is split or matches files; behind = it is a pattern.
        pairs = list(zip(command.words, command.expansions, strict=True))
        return tuple(
            (glob_of if command.words[at - 1] in ("=", "==", "!=") else text_of)(word, parts, meaning)
            for at, (word, parts) in enumerate(pairs)
        )

    def _call(self, words: tuple[str, ...], stdin: str | None) -> Result:
        """A function, by its name and what it is given."""
        if self._depth >= _DEEPEST:
            return self.enough(f"{_DEEPEST} functions or lines one inside the other")
        before = self.given, self.locals, self.loops
        self.given, self.locals, self.loops = words[1:], {}, 0
        self._depth += 1
        result = self._one(self.functions[words[0]], stdin, False)
        self._depth -= 1
        for name, value in self.locals.items():
            self.variables.pop(name, None)
            if value is not None:
                self.variables[name] = value
        self.given, self.locals, self.loops = before
        if self.leaving is not None:
            self.leaving = None
            result = dataclasses.replace(result, status=self.status)
        return result

    def _tool(self, words: tuple[str, ...], stdin: str | None, background: bool) -> Result:
        name = words[0]
        if name in self.functions:
            return self._call(words, stdin)
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
            why = reason(name, self.live, self.host)
            said = f"{name}: not simulated here: {why}" if why else f"sh: {_shown(name)}: command not found"
            return Result(stderr=f"{said}\n", status=127)
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
            return run_compound(self, command)
        finally:
            self._input = before

    def meaning(self) -> Meaning:
        drawn = hashlib.sha256(f"{self.live.seed} {self.live.clock} {self._ran}".encode()).digest()
        special = {
            **{str(number): word for number, word in enumerate(self.given[:9], 1)},
            "?": str(self.status),
            "$": "2741",
            "!": "",
            "0": "sh",
            "#": str(len(self.given)),
            "@": " ".join(self.given),
            "*": " ".join(self.given),
            "RANDOM": str(int.from_bytes(drawn[:2], "big") % 32768),
            "SECONDS": str(int(self.live.clock)),
        }
        variables = {**self.variables, **special}

        def assign(name: str, value: str) -> None:
            self.variables[name] = variables[name] = value

        def output(text: str) -> str:
            said = self._output(text)
            variables["?"] = str(self._substituted)
            return said

        return Meaning(self.live, self.host, variables, assign, output, self.given)

    def _output(self, text: str) -> str:
        """What a line prints on standard output, in a shell of its own (`$(...)`)."""
        kept = dict(self.variables)
        result = self._inner(self, text, None)
        self.variables = kept
        self.stopped, self.leaving, self._substituted = self.spent, None, result.status
        return result.stdout

    def _inner(self, runner: Runner, text: str, stdin: str | None) -> Result:
        """A line inside of another one, by `runner`."""
        if self._depth >= _DEEPEST:
            return self.enough(f"{_DEEPEST} lines one inside the other")
        try:
            lines = read_line(text, self.aliases) if runner is self else read_line(text)
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
            path = text_of(one.path, one.expansions, self.meaning())
            return "" if is_connection(path) else read_file(self.live, self.host, path)
        return text_of(one.path, one.expansions, self.meaning()) + one.given

    def _connect(self, redirections: tuple[Redirection, ...]) -> None:
        """Open what is a connection, before the command runs. Raises _NotConnected."""
        for one in redirections:
            if one.given is None and one.duplicate is None and is_connection(one.path):
                said, self.live = connect(self.live, self.host, one.path)
                if said:
                    raise _NotConnected(said)

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
                goes[one.number] = goes[_STREAMS[one.path]] if one.path in _STREAMS else one
        for number, to in goes.items():
            if isinstance(to, int):
                kept[to] += streams[number]
            elif not is_connection(to.path):
                self.live = write_file(self.live, self.host, to.path, streams[number], append=to.append)
        return dataclasses.replace(result, stdout=kept[1], stderr=kept[2], shown=None)


def _shown(name: str) -> str:
    text = name if name.isprintable() else ascii(name)[1:-1]
    return text if len(text) <= 100 else f"{text[:97]}..."
