"""The tokens of a command line as sh(1) recognises them: operators, and words with what is to be expanded in them.

Read are quotes and backslashes, `$NAME`, `${NAME}` and what engine.shell.parameters has of it, `$?`, `$((...))`, `$(LINE)` and backticks,
`*`, `?` and `[...]`, `~`, bash's `{a,b}`, `{1..5}` and `{a..e}`, comments. What a shell has beyond that is said to be missing.
Source: POSIX.1-2017, XCU 2.2 (quoting), 2.3 (token recognition), 2.6 (word expansions); bash(1), Brace Expansion, Compound Commands.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterator

from engine.shell.escapes import escaped
from engine.values import dataclass

# Stands in a word for what is expanded there: MARK, the expansion's number, MARK. No line holds a NUL.
MARK = "\0"
_OPERATORS = ("&&", "||", "|&", "&>>", "&>", ">>", ">|", "<<<", "<<", "<>", ";;", "|", ";", "&", ">", "<", "(", ")")
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_PARAMETER = re.compile(
    r"(?P<size>#)?(?P<name>[A-Za-z_]\w*|[?$!#@*0-9])(?:(?P<operator>:[-+=?]|[-+=?]|##?|%%?|//?)(?P<word>.*))?",
    re.ASCII | re.DOTALL,
)
_COUNTED = re.compile(r"\{(-?\d{1,18})\.\.(-?\d{1,18})\}", re.ASCII)
_LETTERED = re.compile(r"\{([A-Za-z])\.\.([A-Za-z])\}")
_LISTED = re.compile(r"\{([^{}\s'\"$`\\,]*(?:,[^{}\s'\"$`\\,]*)+)\}")
_QUOTED = re.compile(r"((?:[^'\\]|\\.)*)'", re.DOTALL)
_TEST = re.compile(r"(\[\[?)[ \t]")
# Words that one pair of braces makes.
_MOST_BRACES = 1000
# Parentheses or braces one inside the other.
_DEEPEST = 50


class LineError(Exception):
    """A line that no shell would run, or that asks for more of a shell than there is here; the text is what it says."""


class Unfinished(LineError):
    """A line that is not at its end: a shell asks for more. `document`: for the rest of a here-document."""

    document = False


class ExpansionKind(enum.Enum):
    """What a word's part stands for."""

    VARIABLE = (
        enum.auto()
    )  # `text` is its name, `words` what is done with it: an operator and a word (engine.shell.parameters)
    NUMBER = enum.auto()  # `text` is an expression (engine.shell.arithmetic)
    LINE = enum.auto()  # `text` is the line whose output it is
    PATTERN = enum.auto()  # `text` is a character that matches in file names
    BRACES = enum.auto()  # `words` are the alternatives, `text` is how they are written
    HOME = enum.auto()


@dataclass(frozen=True, slots=True)
class Expansion:
    """One thing to be expanded. What is not `quoted` is split at blanks."""

    kind: ExpansionKind
    text: str
    quoted: bool = False
    words: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True)
class Token:
    """`text` is an operator, a line's end ("\\n"), or a word with MARKs; `joined`: to what follows, without a blank: `2>` is a
    number, `2 >` a word. `lines`: what a here-document holds. `aliased`: it stands for an alias, and is none itself."""

    text: str
    operator: bool = False
    quoted: bool = False
    joined: bool = False
    expansions: tuple[Expansion, ...] = ()
    lines: str | None = None
    aliased: bool = False


def tokens(line: str) -> list[Token]:
    """The tokens of `line`. Raises LineError; Unfinished where a quote or a here-document has no end."""
    return list(_Tokens(line.replace(MARK, "")).read())


def quoted_text(text: str) -> tuple[str, tuple[Expansion, ...]]:
    """`text` as it stands in a here-document: a dollar and a backquote mean what they do. Raises LineError."""
    return _Tokens(text).document()


class _Tokens:
    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0
        # The here-documents whose lines are still to come: the token of `<<`, where they end, whether anything is expanded.
        self._open: list[tuple[Token, str, bool]] = []

    def read(self) -> Iterator[Token]:
        line, size, begun = self._line, len(self._line), False
        before: Token | None = None
        while self._at < size:
            char = line[self._at]
            if char == "\n":
                yield Token("\n", operator=True)
                self._at += 1
                self._documents()
            elif char in " \t":
                self._at += 1
            elif line.startswith("\\\n", self._at):
                self._at += 2
            elif char == "#":
                end = line.find("\n", self._at)
                self._at = size if end < 0 else end
            else:
                for token in self._operator_or_word():
                    if before is not None and before.text == "<<" and before.operator and not token.operator:
                        self._open.append((before, token.text, token.quoted))
                    before = token
                    yield token
            begun = True
        if begun and self._open:
            self._documents()

    def _operator_or_word(self) -> tuple[Token, ...]:
        """The next one; `((EXPRESSION))` is an operator and a word."""
        line, at = self._line, self._at
        if line.startswith(("<(", ">("), at):
            raise LineError("sh: process substitution is not simulated here; a pipe or a file in /tmp will do")
        if line.startswith("((", at):
            # Two parentheses that are closed together hold an expression, others open a subshell in a subshell.
            end, inner = _closing(line, at + 1), _closing(line, at + 2)
            if inner == end - 1:
                self._at = end + 1
                text, parts = quoted_text(line[at + 2 : inner])
                return Token("((", operator=True), Token(text, quoted=True, expansions=parts)
        return (self._token(),)

    def _token(self) -> Token:
        operator = next((one for one in _OPERATORS if self._line.startswith(one, self._at)), None)
        if operator is not None:
            self._at += len(operator)
            return Token(operator, operator=True)
        token = self._word()
        token.joined = self._at < len(self._line) and self._line[self._at] in "<>"
        return token

    def _documents(self) -> None:
        """The lines of the here-documents that were opened in the line before."""
        for token, end, quoted in self._open:
            found: list[str] = []
            while True:
                if self._at >= len(self._line):
                    error = Unfinished("sh: here-document delimited by end-of-file")
                    error.document = True
                    raise error
                stop = self._line.find("\n", self._at)
                stop = len(self._line) if stop < 0 else stop
                text = self._line[self._at : stop]
                self._at = stop + 1
                if text.strip("\t") == end:
                    break
                found.append(text + "\n")
            text = "".join(found)
            token.lines, token.expansions = (text, ()) if quoted else _Tokens(text).document()
        self._open = []

    def document(self) -> tuple[str, tuple[Expansion, ...]]:
        """All of it as the lines of a here-document, in which a dollar and a backquote mean what they do."""
        found, expansions = list[str](), list[Expansion]()
        while self._at < len(self._line):
            char = self._line[self._at]
            if char in "`$":
                self._dollar(found, expansions, True)
            else:
                escaped = char == "\\" and self._line[self._at + 1 : self._at + 2] in ("\\", "$", "`")
                found.append(self._line[self._at + escaped])
                self._at += 1 + escaped
        return "".join(found), tuple(expansions)

    def _word(self) -> Token:
        line, found, expansions, quoted = self._line, list[str](), list[Expansion](), False
        while self._at < len(line):
            char = line[self._at]
            if char == "'":
                end = line.find("'", self._at + 1)
                if end < 0:
                    raise Unfinished("sh: Syntax error: Unterminated quoted string")
                found.append(line[self._at + 1 : end])
                quoted, self._at = True, end + 1
            elif line.startswith("$'", self._at):
                self._dollar_quoted(found)
                quoted = True
            elif char == '"':
                self._at += 1
                self._double_quoted(found, expansions)
                quoted = True
            elif char == "\\":
                # Before a line's end it joins the two.
                found.append(line[self._at + 1 : self._at + 2].replace("\n", ""))
                quoted, self._at = True, self._at + 2
            elif char in " \t\n" or char in "|&;<>()":
                break
            else:
                self._unquoted(char, found, expansions)
        return Token("".join(found), quoted=quoted, expansions=tuple(expansions))

    def _dollar_quoted(self, found: list[str]) -> None:
        """$'...': with escapes."""
        end = _QUOTED.match(self._line, self._at + 2)
        if end is None:
            raise Unfinished("sh: Syntax error: Unterminated quoted string")
        found.append(escaped(end[1]).replace(MARK, ""))
        self._at = end.end()

    def _unquoted(self, char: str, found: list[str], expansions: list[Expansion]) -> None:
        braces = _braces(self._line, self._at) if char == "{" else None
        if char in "$`":
            self._dollar(found, expansions, False)
        elif braces is not None:
            words, end = braces
            _expanded(found, expansions, Expansion(ExpansionKind.BRACES, self._line[self._at : end], True, words))
            self._at = end
        elif char == "[" and not found and (test := _TEST.match(self._line, self._at)) is not None:
            # The command, which is no pattern.
            found.append(test[1])
            self._at = test.end(1)
        elif char in "*?[":
            _expanded(found, expansions, Expansion(ExpansionKind.PATTERN, char, True))
            self._at += 1
        elif char == "~" and not found and self._line[self._at + 1 : self._at + 2] in ("", "/", " ", "\t", "\n"):
            _expanded(found, expansions, Expansion(ExpansionKind.HOME, "~", True))
            self._at += 1
        else:
            found.append(char)
            self._at += 1

    def _double_quoted(self, found: list[str], expansions: list[Expansion]) -> None:
        line = self._line
        while self._at < len(line):
            char = line[self._at]
            if char == '"':
                self._at += 1
                return
            if char == "\\" and line[self._at + 1 : self._at + 2] in ('"', "\\", "$", "`", "\n"):
                found.append(line[self._at + 1].replace("\n", ""))
                self._at += 2
            elif char in "`$":
                self._dollar(found, expansions, True)
            else:
                found.append(char)
                self._at += 1
        raise Unfinished("sh: Syntax error: Unterminated quoted string")

    def _dollar(self, found: list[str], expansions: list[Expansion], quoted: bool) -> None:
        line, at = self._line, self._at
        if line[at] == "`":
            end = line.find("`", at + 1)
            if end < 0:
                raise Unfinished("sh: Syntax error: EOF in backquote substitution")
            self._at = end + 1
            _expanded(found, expansions, Expansion(ExpansionKind.LINE, line[at + 1 : end], quoted))
        elif line.startswith("$(", at):
            end = _closing(line, at + 2)
            self._at = end + 1
            arithmetic = line.startswith("$((", at) and _closing(line, at + 3) == end - 1
            inner = line[at + 3 : end - 1] if arithmetic else line[at + 2 : end]
            kind = ExpansionKind.NUMBER if arithmetic else ExpansionKind.LINE
            _expanded(found, expansions, Expansion(kind, inner, quoted))
        elif line.startswith("${", at):
            end = _closing(line, at + 2, "{}")
            self._at = end + 1
            _expanded(found, expansions, _parameter(line[at + 2 : end], quoted))
        else:
            named = _NAME.match(line, at + 1)
            special = line[at + 1 : at + 2]
            if named is None and not (special and special in "?$!#@*0123456789"):
                found.append("$")
                self._at = at + 1
                return
            text = special if named is None else named[0]
            self._at = at + 1 + len(text)
            _expanded(found, expansions, Expansion(ExpansionKind.VARIABLE, text, quoted))


def _expanded(found: list[str], expansions: list[Expansion], one: Expansion) -> None:
    found.append(f"{MARK}{len(expansions)}{MARK}")
    expansions.append(one)


def _parameter(text: str, quoted: bool) -> Expansion:
    """What stands between `${` and `}`. Raises LineError."""
    found = _PARAMETER.fullmatch(text)
    if found is None and text == "#":
        return Expansion(ExpansionKind.VARIABLE, "#", quoted)
    if found is None or (found["size"] and found["operator"]):
        shown = text if text.isprintable() else ascii(text)[1:-1]
        raise LineError(f"sh: ${{{shown[:100]}}} is not simulated here; there are ${{NAME:-WORD}}, ${{#NAME}}, ${{NAME#GLOB}}, ${{NAME%GLOB}} and ${{NAME/GLOB/TEXT}}")  # fmt: skip
    operator = found["size"] or found["operator"]
    words = (
        () if operator is None else (operator if operator != "#" or found["operator"] else "size", found["word"] or "")
    )
    return Expansion(ExpansionKind.VARIABLE, found["name"], quoted, words)


def _braces(line: str, at: int) -> tuple[tuple[str, ...], int] | None:
    """The alternatives of `{a,b}`, `{1..5}` or `{a..e}` at `at`, and what is behind it."""
    counted, lettered, listed = (one.match(line, at) for one in (_COUNTED, _LETTERED, _LISTED))
    if counted is not None:
        first, last = int(counted[1]), int(counted[2])
        step = 1 if last >= first else -1
        if abs(last - first) >= _MOST_BRACES:
            raise LineError(f"sh: {counted[0]}: at most {_MOST_BRACES} words")
        padded = any(re.match("-?0[0-9]", text) for text in (counted[1], counted[2]))
        width = max(len(counted[1]), len(counted[2])) if padded else 0
        return tuple(f"{number:0{width}d}" for number in range(first, last + step, step)), counted.end()
    if lettered is not None:
        first, last = ord(lettered[1]), ord(lettered[2])
        step = 1 if last >= first else -1
        return tuple(chr(one) for one in range(first, last + step, step)), lettered.end()
    return None if listed is None else (tuple(listed[1].split(",")), listed.end())


def _closing(line: str, at: int, marks: str = "()") -> int:
    """Where the parenthesis (or brace) is closed that was opened before `at`. Raises Unfinished."""
    depth, quote = 1, ""
    while at < len(line):
        char = line[at]
        if char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in marks:
            depth += 1 if char == marks[0] else -1
            if not depth:
                return at
            if depth > _DEEPEST:
                raise LineError(f"sh: more than {_DEEPEST} of {marks} one inside the other")
        at += 1
    raise Unfinished(f'sh: Syntax error: end of file unexpected (expecting "{marks[1]}")')
