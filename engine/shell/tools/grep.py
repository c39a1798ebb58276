"""grep(1): lines that fit a pattern. Source: POSIX.1-2017, grep; GNU grep's -o, -A, -B, -C, -w."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.shell.files import FileRefused, read_file
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable, pattern, split_options
from engine.values import is_decimal


def run(call: Call) -> Result:
    """`grep [-EFivncowql] [-e PATTERN] [-A N] [-B N] [-C N] PATTERN [FILE...]`; 1 where no line fits."""
    try:
        options, rest = split_options(call.args, "eABCm", repeated="e")
        if "e" not in options and not rest:
            return failed("Usage: grep [OPTION]... PATTERNS [FILE]...", 2)
        asked = options["e"] if "e" in options else rest.pop(0)
        name = call.argv[0].rpartition("/")[2]
        found = _any_of(asked.split("\n"), options, name)
        if "w" in options:
            found = re.compile(rf"(?<!\w)(?:{found.pattern})(?!\w)", found.flags)
        around = tuple(_number(options.get(side, options.get("C", "0"))) for side in "BA")
    except Unusable as error:
        return failed(f"grep: {error}", 2)
    out, err, hit = "", "", False
    for file in rest or ["-"]:
        try:
            text = (call.stdin or "") if file == "-" else read_file(call.live, call.host, file)
        except FileRefused as refused:
            err += f"grep: {refused}\n"
            continue
        prefix = f"{file}:" if len(rest) > 1 and "h" not in options else ""
        shown, fits = _search(text.splitlines(), found, options, around, prefix)
        hit = hit or fits
        out += (f"{file}\n" if fits else "") if "l" in options else shown
    if "q" in options:
        out = ""
    return Result(out, err, 0 if hit else 2 if err else 1)


def _any_of(asked: list[str], options: dict[str, str], name: str) -> re.Pattern[str]:
    each = [
        pattern(
            one,
            extended="E" in options or "P" in options or name == "egrep",
            fixed="F" in options or name == "fgrep",
            ignore_case="i" in options,
        )
        for one in asked
    ]
    return each[0] if len(each) == 1 else re.compile("|".join(f"(?:{one.pattern})" for one in each), each[0].flags)


def _number(text: str) -> int:
    if not is_decimal(text) or len(text) > 6:
        raise Unusable(f"{text}: invalid context length argument")
    return int(text)


def _search(
    lines: list[str], found: re.Pattern[str], options: dict[str, str], around: tuple[int, ...], prefix: str
) -> tuple[str, bool]:
    fitting = [n for n, line in enumerate(lines) if bool(found.search(line)) != ("v" in options)]
    if "m" in options and is_decimal(options["m"]):
        fitting = fitting[: int(options["m"][:9])]
    if "c" in options:
        return f"{prefix}{len(fitting)}\n", bool(fitting)
    numbered = "n" in options
    if "o" in options and "v" not in options:
        parts = [(n, one[0]) for n in fitting for one in found.finditer(lines[n]) if one[0]]
        return "".join(f"{prefix}{f'{n + 1}:' if numbered else ''}{part}\n" for n, part in parts), bool(fitting)
    return "".join(_with_context(lines, fitting, around, prefix, numbered)), bool(fitting)


def _with_context(
    lines: list[str], fitting: list[int], around: tuple[int, ...], prefix: str, numbered: bool
) -> Iterable[str]:
    before, after = around
    hits, last = set(fitting), -1
    shown = sorted({n for hit in fitting for n in range(max(0, hit - before), min(len(lines), hit + after + 1))})
    for n in shown:
        if last >= 0 and n > last + 1 and (before or after):
            yield "--\n"
        sign = ":" if n in hits else "-"
        yield f"{prefix}{f'{n + 1}{sign}' if numbered else ''}{lines[n]}\n"
        last = n


TOOL = Tool(("grep", "egrep", "fgrep"), run, ANYWHERE, at_administrator=True)
