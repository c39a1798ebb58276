"""iptables' words: the command, the table, how to list, and the rule that is left."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.shell.tools.iptables.tables import TABLES
from engine.values import dataclass

_LONG = {
    "--list": "-L", "--list-rules": "-S", "--append": "-A", "--insert": "-I", "--delete": "-D", "--replace": "-R", "--check": "-C",
    "--flush": "-F", "--new-chain": "-N", "--new": "-N", "--delete-chain": "-X", "--rename-chain": "-E", "--policy": "-P",
    "--zero": "-Z", "--table": "-t", "--numeric": "-n", "--verbose": "-v", "--exact": "-x", "--wait": "-w",
}  # fmt: skip
_COMMANDS = "LSADIRCFNXEPZ"
# Letters that may stand together: `-nvL`.
_OWN = re.compile(r"-[nvx]*[LSADIRCFNXEPZ][nvx]*|-[nvx]{1,3}")
# How many words a command takes at most, before the rule.
_TAKES = {
    "-L": 2,
    "-S": 2,
    "-A": 1,
    "-I": 2,
    "-D": 2,
    "-R": 2,
    "-C": 1,
    "-F": 1,
    "-N": 1,
    "-X": 1,
    "-E": 2,
    "-P": 2,
    "-Z": 2,
}


class BadCommand(Exception):
    """What iptables says, and its exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class IptablesCommand:
    """`verb` in its short form; `chain` and `second` (a number, a policy, a new name) "" where they are not there."""

    tool: str
    verb: str
    table: str = "filter"
    chain: str = ""
    second: str = ""
    rule: tuple[str, ...] = ()
    numeric: bool = False
    verbose: bool = False
    lines: bool = False
    exact: bool = False

    def bad(self, message: str) -> BadCommand:
        """A complaint about words."""
        return bad(self.tool, message)


def bad(tool: str, message: str) -> BadCommand:
    """iptables' own complaint, with where to look."""
    return BadCommand(f"{tool} v1.8.9 (legacy): {message}\nTry `{tool} -h' or '{tool} --help' for more information.", 2)


def read_words(words: Sequence[str], tool: str) -> IptablesCommand:
    """Raises BadCommand."""
    reader = _Reader(tool, [_LONG.get(word, word) for word in words])
    reader.read()
    if reader.table not in TABLES:
        raise BadCommand(
            f"{tool} v1.8.9 (legacy): can't initialize {tool} table `{reader.table}': Table does not exist (do you need to "
            f"insmod?)\nPerhaps {tool} or your kernel needs to be upgraded.",
            3,
        )
    if not reader.verb:
        raise bad(tool, "no command specified")
    if reader.rule and reader.verb not in ("-A", "-I", "-D", "-R", "-C"):
        word = reader.rule[0]
        raise bad(tool, f'unknown option "{word}"') if word.startswith("-") else bad_argument(tool, word)
    chain, second = (*reader.taken, "", "")[:2]
    flags = reader.flags
    return IptablesCommand(
        tool,
        reader.verb,
        reader.table,
        chain,
        second,
        tuple(reader.rule),
        "n" in flags,
        "v" in flags,
        "lines" in flags,
        "x" in flags,
    )


def bad_argument(tool: str, word: str) -> BadCommand:
    return BadCommand(f"Bad argument `{word}'\nTry `{tool} -h' or '{tool} --help' for more information.", 2)


class _Reader:
    """The words one after the other: what belongs to the tool itself, and the rule."""

    def __init__(self, tool: str, words: list[str]) -> None:
        self.tool, self.left = tool, words
        self.verb, self.table = "", "filter"
        self.taken: list[str] = []
        self.rule: list[str] = []
        self.flags: set[str] = set()

    def read(self) -> None:
        while self.left:
            word = self.left.pop(0)
            if word == "-t":
                self.table = self.left.pop(0) if self.left else ""
            elif word == "-w":
                if self.left and re.fullmatch(r"[0-9]+", self.left[0]):
                    self.left.pop(0)
            elif word in ("--line-numbers", "-x"):
                self.flags.add("lines" if word != "-x" else "x")
            elif not self.rule and _OWN.fullmatch(word):
                self._letters(word)
            else:
                self.rule.append(word)

    def _letters(self, word: str) -> None:
        for letter in word[1:]:
            if letter not in _COMMANDS:
                self.flags.add(letter)
                continue
            if self.verb:
                raise bad(self.tool, f"Cannot use -{letter} with {self.verb}")
            self.verb = f"-{letter}"
            most = _TAKES[self.verb]
            while self.left and self.left[0] != "!" and not self.left[0].startswith("-") and len(self.taken) < most:
                self.taken.append(self.left.pop(0))
