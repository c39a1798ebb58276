"""awk(1), as far as one prints columns with it: `[/PATTERN/] {print $1, "text", $NF}`. Source: POSIX.1-2017, awk."""

from __future__ import annotations

import re

from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable, pattern, split_options, text_of

_PROGRAM = re.compile(
    r"\s*(?:NR\s*(==|>|<|>=|<=|!=)\s*([0-9]{1,6})|/((?:[^/\\]|\\.)*)/)?\s*(?:\{\s*print\s*([^{};]*);?\s*\})?\s*"
)
_ITEM = re.compile(r'\s*(?:\$([0-9]{1,4})|\$(NF)|(NF)|(NR)|"([^"\\]*)")\s*(,?)')
_COMPARED = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}


def run(call: Call) -> Result:
    """`awk [-F SEPARATOR] PROGRAM [FILE...]`."""
    try:
        options, rest = split_options(call.args, "Fv")
        if not rest:
            return failed("usage: awk [-F fs] 'prog' [file ...]", 2)
        program = _PROGRAM.fullmatch(rest[0])
        if program is None or not rest[0].strip():
            raise Unusable('only `[/PATTERN/ or NR==N] {print $1, $2, "text", $NF}` is available here')
        wanted = None if program[3] is None else pattern(program[3].replace("\\/", "/"), extended=True)
        items = _items(program[4] or "")
    except Unusable as error:
        return failed(f"awk: {error}", 2)
    text, err = text_of(call, rest[1:])
    out = ""
    for number, line in enumerate(text.splitlines(), 1):
        if wanted is not None and not wanted.search(line):
            continue
        if program[1] and not _COMPARED[program[1]](number, int(program[2])):
            continue
        out += _printed(items, line, number, options.get("F")) + "\n"
    return Result(out, err, 2 if err else 0)


def _items(text: str) -> list[tuple[str, str]]:
    """(what is printed, what stands behind it) of a print statement."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        item = _ITEM.match(text, at)
        if item is None or item.end() == at:
            raise Unusable(f'cannot print {text[at:].strip()!r}; there are $N, $NF, NF, NR and "text"')
        what = (
            f'"{item[5]}'
            if item[5] is not None
            else f"${item[1]}"
            if item[1]
            else "$NF"
            if item[2]
            else item[3] or item[4]
        )
        found.append((what, " " if item[6] else ""))
        at = item.end()
    return found


def _printed(items: list[tuple[str, str]], line: str, number: int, separator: str | None) -> str:
    if not items:
        return line
    fields = line.split(separator) if separator else line.split()
    values = {"NF": str(len(fields)), "NR": str(number), "$0": line, "$NF": fields[-1] if fields else line}
    out = ""
    for what, behind in items:
        if what.startswith('"'):
            out += what[1:]
        elif what in values:
            out += values[what]
        else:
            at = int(what[1:])
            out += fields[at - 1] if at <= len(fields) else ""
        out += behind
    return out


TOOL = Tool(("awk",), run, ANYWHERE, at_administrator=True)
