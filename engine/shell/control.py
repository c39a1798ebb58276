"""What a shell does itself with its own lines: it leaves loops and functions, has aliases, reads files of lines, counts.

Source: POSIX.1-2017, XCU 2.14 (break, continue, dot, exec, return, set, shift), alias, unalias; bash(1) for let, local, declare, source.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from engine.shell.arithmetic import BadArithmetic
from engine.shell.compound import Leaving
from engine.shell.expand import Meaning, expression_of
from engine.shell.files import FileRefused, read_file
from engine.shell.interface import Result, failed, printed
from engine.shell.live import LiveCluster

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# Aliases of one host, and characters of one.
_MOST_ALIASES, _LONGEST_ALIAS = 200, 2000
_NO_NAME = frozenset(" \t\n'\"\\$`/=|&;<>()")


class ControlledShell(Protocol):
    """The shell that runs it."""

    live: LiveCluster
    host: str
    variables: dict[str, str]
    aliases: dict[str, str]
    given: tuple[str, ...]
    locals: dict[str, str | None] | None
    status: int
    stopped: bool
    loops: int
    leaving: Leaving | None

    def line(self, text: str) -> Result:
        """Run a line in this shell."""

    def meaning(self) -> Meaning:
        """What expansions mean now."""

    def run_words(self, words: tuple[str, ...], stdin: str | None) -> Result:
        """Run one command by its words."""


def _leave(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    """break, continue."""
    if not shell.loops:
        return Result(stderr=f"sh: {words[0]}: only meaningful in a `for', `while', or `until' loop\n")
    count = words[1] if len(words) > 1 else "1"
    if not re.fullmatch(r"[0-9]{1,6}", count) or not int(count):
        return failed(f"sh: {words[0]}: {count[:50]}: loop count out of range")
    shell.leaving = Leaving(words[0], min(int(count), shell.loops))
    return Result()


def _return(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    if shell.locals is None:
        return failed("sh: return: can only `return' from a function or sourced script")
    if len(words) > 1 and not re.fullmatch(r"[0-9]{1,6}", words[1]):
        return failed(f"sh: return: {words[1][:50]}: numeric argument required", 2)
    shell.leaving = Leaving("return")
    return Result(status=int(words[1]) % 256 if len(words) > 1 else shell.status)


def _shift(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    count = int(words[1]) if len(words) > 1 and re.fullmatch(r"[0-9]{1,6}", words[1]) else 1
    if count > len(shell.given):
        return Result(status=1)
    shell.given = shell.given[count:]
    return Result()


def _set(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    """`set -- WORDS` gives the shell its words; `set -x` and the like change nothing that is shown here."""
    if "--" in words:
        shell.given = words[words.index("--") + 1 :]
    elif len(words) == 1:
        return printed("".join(f"{name}='{value}'\n" for name, value in sorted(shell.variables.items())))
    return Result()


def _local(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    """local, declare, typeset, readonly."""
    if words[0] == "local" and shell.locals is None:
        return failed("sh: local: can only be used in a function")
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if word.startswith("-"):
            if set(word[1:]) & set("aA"):
                return failed(f"sh: {words[0]}: arrays are not simulated here")
            continue
        if not _NAME.fullmatch(name):
            return failed(f"sh: {words[0]}: `{word[:100]}': not a valid identifier")
        if shell.locals is not None and words[0] != "readonly":
            shell.locals.setdefault(name, shell.variables.get(name))
        if equals or words[0] == "local":
            shell.variables[name] = value
    return Result()


def _let(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    """The last expression's value is true where it is not 0."""
    value = 0
    for word in words[1:]:
        try:
            value = expression_of(word, shell.meaning())
        except BadArithmetic as error:
            return failed(f"sh: let: {error}" if len(words) > 2 else f"sh: ((: {error}")
    return Result(status=int(not value))


def _alias(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    out, err = "", ""
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not equals:
            known = shell.aliases.get(name)
            out += "" if known is None else _shown_alias(name, known)
            err += f"sh: alias: {name[:100]}: not found\n" if known is None else ""
        elif not name or set(name) & _NO_NAME:
            err += f"sh: alias: `{name[:100]}': invalid alias name\n"
        elif len(shell.aliases) >= _MOST_ALIASES or len(value) > _LONGEST_ALIAS:
            err += f"sh: alias: {name[:100]}: at most {_MOST_ALIASES} of {_LONGEST_ALIAS} characters here\n"
        else:
            shell.aliases[name] = value
    if len(words) == 1:
        out = "".join(_shown_alias(name, value) for name, value in sorted(shell.aliases.items()))
    return Result(out, err, int(bool(err)))


def _shown_alias(name: str, value: str) -> str:
    return "alias {}='{}'\n".format(name, value.replace("'", "'\\''"))


def _unalias(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    if words[1:] == ("-a",):
        shell.aliases.clear()
        return Result()
    missing = [name for name in words[1:] if shell.aliases.pop(name, None) is None]
    return Result(
        stderr="".join(f"sh: unalias: {name[:100]}: not found\n" for name in missing), status=int(bool(missing))
    )


def _source(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    if len(words) < 2:
        return failed(f"sh: {words[0]}: filename argument required", 2)
    try:
        return shell.line(read_file(shell.live, shell.host, words[1]))
    except FileRefused as error:
        return failed(f"sh: {error}")


def _exec(shell: ControlledShell, words: tuple[str, ...], stdin: str | None) -> Result:
    """The command in the shell's place: nothing of the line runs after it."""
    if len(words) < 2:
        return failed("sh: exec: descriptors are not simulated here; > and < of each command are")
    result = shell.run_words(words[1:], stdin)
    shell.stopped = True
    return result


CONTROL: dict[str, Callable[[ControlledShell, tuple[str, ...], str | None], Result]] = {
    "break": _leave, "continue": _leave, "return": _return, "shift": _shift, "set": _set, "local": _local, "declare": _local,
    "typeset": _local, "readonly": _local, "let": _let, "alias": _alias, "unalias": _unalias, "source": _source, ".": _source,
    "exec": _exec,
}  # fmt: skip
