"""What a shell does itself: its variables, where it is, what it reads, whether a file is there.

Source: POSIX.1-2017, XCU 2.14 (special built-ins), cd, command, pwd, read, test, type, unset, wait.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import Protocol

from engine.shell.control import CONTROL, ControlledShell
from engine.shell.expand import HOME
from engine.shell.files import FileRefused, is_folder, normal, read_file
from engine.shell.interface import Result, failed, printed
from engine.shell.syntax import Compound


class RunningShell(ControlledShell, Protocol):
    """The shell that runs it."""

    functions: dict[str, Compound]

    def has(self, name: str) -> bool:
        """Whether there is a tool of that name on the host."""


# Characters of a text in `[[ ]]`, and of an expression that it is held against.
_LONGEST, _LONGEST_PATTERN = 10_000, 200


def _cd(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    if len(words) > 2:
        return failed("sh: cd: too many arguments")
    to = words[1] if len(words) > 1 else HOME
    to = shell.variables.get("OLDPWD", HOME) if to == "-" else to
    at = normal(to, shell.variables.get("PWD", HOME))
    if not is_folder(shell.live, shell.host, at):
        try:
            read_file(shell.live, shell.host, at)
            return failed(f"sh: cd: {to[:200]}: Not a directory")
        except FileRefused as error:
            return failed(f"sh: cd: {error}")
    shell.variables["OLDPWD"] = shell.variables.get("PWD", HOME)
    shell.variables["PWD"] = at
    return Result()


def _pwd(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    return printed(shell.variables.get("PWD", HOME))


def _export(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            return failed(f"sh: {words[0]}: `{word[:100]}': not a valid identifier")
        if equals:
            shell.variables[name] = value
    if len(words) == 1:
        return printed("".join(f"{name}={value}\n" for name, value in sorted(shell.variables.items())))
    return Result()


def _unset(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    for word in words[1:]:
        held = shell.variables.pop(word, None)
        if held is None:
            shell.functions.pop(word, None)
    return Result()


def _read(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    """One line of what it reads, by words into variables; a loop gives it one line after the other (runner)."""
    if stdin is None or not stdin:
        return Result(status=1)
    names = [word for word in words[1:] if not word.startswith("-")] or ["REPLY"]
    parts = _split(stdin.split("\n", 1)[0], shell.variables.get("IFS"), len(names) - 1)
    for at, name in enumerate(names):
        shell.variables[name] = parts[at].rstrip() if at < len(parts) else ""
    return Result()


def _split(line: str, ifs: str | None, most: int) -> list[str]:
    """At blanks, or at the characters of IFS where somebody set it."""
    if ifs is None or (ifs and not ifs.strip(" \t\n")):
        return line.split(None, most)
    return re.split(f"[{re.escape(ifs)}]", line, maxsplit=most) if ifs and most else [line]


def _exit(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    if len(words) > 1 and not words[1].isdecimal():
        return failed(f"sh: exit: {words[1][:100]}: numeric argument required", 2)
    shell.stopped = True
    return Result(status=int(words[1]) % 256 if len(words) > 1 else shell.status)


def _eval(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    return shell.line(" ".join(words[1:]))


def _where(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    """`type`, `which`, `command -v`."""
    asked = [word for word in words[1:] if not word.startswith("-")]
    said: list[str] = []
    missing: list[str] = []
    for name in asked:
        if name in shell.aliases:
            said.append(
                f"{name} is aliased to `{shell.aliases[name]}'"
                if words[0] == "type"
                else f"alias {name}='{shell.aliases[name]}'"
            )
        elif name in shell.functions:
            said.append(f"{name} is a function" if words[0] == "type" else name)
        elif name in BUILT_IN and name not in ("which", "test", "["):
            said.append(f"{name} is a shell builtin" if words[0] == "type" else "" if words[0] == "which" else name)
        elif shell.has(name):
            path = f"/usr/bin/{name}" if name in _IN_BIN else f"/usr/sbin/{name}"
            said.append(f"{name} is {path}" if words[0] == "type" else path)
        elif words[0] == "type":
            missing.append(f"sh: type: {name[:100]}: not found\n")
    shown = "".join(f"{line}\n" for line in said if line)
    known = {*BUILT_IN, *shell.aliases, *shell.functions}
    bad = any(name not in known and not shell.has(name) for name in asked)
    return Result(shown, "".join(missing), int(bad))


def _command(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    if words[1:2] in (("-v",), ("-V",)):
        return _where(shell, ("command", *words[2:]), stdin)
    return shell.run_words(words[1:], stdin) if len(words) > 1 else Result()


def _test(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    """`test`, or `[ ... ]`: files, strings and numbers, `!` before."""
    given = words[1:]
    if words[0] != "test":
        if given[-1:] != (f"{words[0].replace('[', ']')}",):
            return failed(f"sh: {words[0]}: missing `{words[0].replace('[', ']')}'", 2)
        given = given[:-1]
    turned = given[:1] == ("!",)
    given = given[turned:]
    try:
        holds = _holds_pattern(given) if words[0] == "[[" and len(given) == 3 else None
        holds = _holds(shell, given) if holds is None else holds
    except ValueError as error:
        return failed(f"sh: {words[0]}: {error}", 2)
    return Result(status=int(holds is turned))


def _holds_pattern(given: tuple[str, ...]) -> bool | None:
    """`[[ A = GLOB ]]`, `[[ A =~ EXPRESSION ]]`; None for another sign."""
    left, sign, right = given[0][:_LONGEST], given[1], given[2]
    if sign in ("=", "==", "!="):
        return fnmatch.fnmatchcase(left, right) is (sign != "!=")
    if sign != "=~":
        return None
    if len(right) > _LONGEST_PATTERN or re.search(r"\([^()]*[*+}|][^()]*\)\s*[*+{]", right):
        raise ValueError("this expression is not simulated here")
    try:
        return re.search(right, left) is not None
    except (re.error, OverflowError, RecursionError):
        raise ValueError(f"{right[:50]}: invalid regular expression") from None


def _holds(shell: RunningShell, given: tuple[str, ...]) -> bool:
    if len(given) < 2:
        return bool(given and given[0])
    if len(given) == 2:
        flag, value = given
        if flag in ("-z", "-n"):
            return (value == "") is (flag == "-z")
        at = normal(value, shell.variables.get("PWD", HOME))
        folder = is_folder(shell.live, shell.host, at)
        if flag == "-d":
            return folder
        if flag in ("-e", "-f", "-r", "-s", "-w"):
            return (folder and flag != "-f") or _readable(shell, at)
        raise ValueError(f"{flag[:20]}: unary operator expected")
    if len(given) == 3:
        left, sign, right = given
        if sign in ("=", "==", "!="):
            return (left == right) is (sign != "!=")
        if sign in _COMPARED:
            if not re.fullmatch(r"-?[0-9]{1,18}", left) or not re.fullmatch(r"-?[0-9]{1,18}", right):
                raise ValueError(f"{left[:50]}: integer expression expected")
            return _COMPARED[sign](int(left), int(right))
    raise ValueError("too many arguments")


def _readable(shell: RunningShell, at: str) -> bool:
    try:
        read_file(shell.live, shell.host, at)
    except FileRefused:
        return False
    return True


_COMPARED: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b, "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
}  # fmt: skip


def _quiet(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    """What has nothing to do here: `set -x`, `wait`, `jobs` with nothing behind another command."""
    return Result()


def _missing(shell: RunningShell, words: tuple[str, ...], stdin: str | None) -> Result:
    return failed(f"sh: {words[0]} is not simulated here")


_IN_BIN = frozenset({"awk", "cat", "curl", "cut", "dig", "echo", "grep", "head", "kubectl", "ls", "nc", "nslookup", "ping", "sort", "systemctl",
                     "tail", "uniq", "watch", "wc", "ssh", "sudo", "less", "sed", "tr", "tee", "crictl", "journalctl"})  # fmt: skip
BUILT_IN: dict[str, Callable[[RunningShell, tuple[str, ...], str | None], Result]] = {
    **CONTROL,
    "cd": _cd, "pwd": _pwd, "export": _export, "unset": _unset, "read": _read, "exit": _exit, "eval": _eval, "type": _where,
    "which": _where, "command": _command, "test": _test, "[": _test, "[[": _test, "wait": _quiet, "jobs": _quiet,
    "fg": _missing, "bg": _missing, "trap": _missing, "ulimit": _missing, "umask": _missing, "disown": _quiet, "hash": _quiet,
}  # fmt: skip
