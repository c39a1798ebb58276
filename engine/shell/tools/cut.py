"""cut(1), tr(1), column(1), tee(1), sed(1): parts of lines, and lines kept in a file. Source: POSIX.1-2017, XCU; GNU sed 4.9."""

from __future__ import annotations

import re

from engine.shell.files import FileRefused, write_file
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable, pattern, split_options, text_of

_RANGE = re.compile(r"(\d{0,4})(-?)(\d{0,4})")
_SUBSTITUTE = re.compile(r"s(?P<mark>[^\w\s\\])(?P<old>(?:\\.|(?!(?P=mark)).)*)(?P=mark)(?P<new>(?:\\.|(?!(?P=mark)).)*)(?P=mark)(?P<flags>[gIi]*)")  # fmt: skip
_PRINT = re.compile(r"(?P<first>\d{1,6}|\$)(?:,(?P<last>\d{1,6}|\$))?(?P<verb>[pdq])")
_MATCHING = re.compile(r"/(?P<text>(?:\\.|[^/])*)/(?P<verb>[pd])")


def run(call: Call) -> Result:
    """A tool by its name."""
    try:
        return _RUN[call.argv[0].rpartition("/")[2]](call)
    except Unusable as error:
        return failed(f"{call.argv[0]}: {error}", 1)


def _cut(call: Call) -> Result:
    """`cut -d CHAR -f LIST` or `-c LIST`."""
    options, files = split_options(call.args, "dfc")
    listed = options.get("f") or options.get("c")
    if not listed:
        raise Unusable("you must specify a list of bytes, characters, or fields")
    mark = options.get("d", "\t")
    if len(mark) != 1:
        raise Unusable("the delimiter must be a single character")
    ranges = [_RANGE.fullmatch(part) for part in listed.split(",")]
    if any(one is None or not (one[1] or one[3]) for one in ranges):
        raise Unusable(f"invalid field value '{listed[:50]}'")

    def wanted(number: int) -> bool:
        return any(int(o[1] or 1) <= number <= int((o[3] or 9999) if o[2] else o[1]) for o in ranges if o is not None)

    text, err = text_of(call, files)
    out = []
    for line in text.splitlines():
        if "c" in options:
            out.append("".join(char for at, char in enumerate(line, 1) if wanted(at)))
        elif mark not in line:
            out.extend(() if "s" in options else (line,))
        else:
            out.append(mark.join(part for at, part in enumerate(line.split(mark), 1) if wanted(at)))
    return Result("".join(f"{line}\n" for line in out), err, int(bool(err)))


def _tr(call: Call) -> Result:
    """`tr SET1 SET2`, `tr -d SET`, `tr -s SET`."""
    options, sets = split_options(call.args)
    if not sets or (len(sets) < 2 and not {"d", "s"} & set(options)):
        raise Unusable("missing operand")
    text, first = call.stdin or "", _set(sets[0])
    if "d" in options:
        return Result("".join(char for char in text if char not in first))
    if len(sets) > 1:
        second = _set(sets[1])
        if not second:
            raise Unusable("when not truncating set1, string2 must be non-empty")
        text = text.translate({ord(char): second[min(at, len(second) - 1)] for at, char in enumerate(first)})
        first = second
    if "s" in options:
        text = re.sub(f"([{re.escape(first)}])\\1+", r"\1", text)
    return Result(text)


def _set(text: str) -> str:
    for name, members in (("space", " \t\n"), ("upper", "A-Z"), ("lower", "a-z"), ("digit", "0-9")):
        text = text.replace(f"[:{name}:]", members)
    text = text.replace("\\n", "\n").replace("\\t", "\t")
    return re.sub(r"(\w)-(\w)", lambda found: "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1))), text)


def _column(call: Call) -> Result:
    """`column -t [-s CHAR]`."""
    options, files = split_options(call.args, "s")
    text, err = text_of(call, files)
    if "t" not in options:
        return Result(text, err, int(bool(err)))
    rows = [line.split(options.get("s")) for line in text.splitlines() if line.strip()]
    widths = [max(len(row[at]) for row in rows if len(row) > at) for at in range(max(map(len, rows), default=0))]
    out = ("  ".join(f"{cell:<{widths[at]}}" for at, cell in enumerate(row)).rstrip() for row in rows)
    return Result("".join(f"{line}\n" for line in out), err, int(bool(err)))


def _tee(call: Call) -> Result:
    """`tee [-a] FILE...`: what it reads goes on, and into the files."""
    options, files = split_options(call.args)
    text, live, err = call.stdin or "", call.live, ""
    for file in files:
        try:
            live = write_file(live, call.host, file, text, append="a" in options)
        except FileRefused as error:
            err += f"tee: {error}\n"
    return Result(text, err, int(bool(err)), live)


def _sed(call: Call) -> Result:
    """`sed [-n] [-E] [-e] SCRIPT [FILE]`: s/OLD/NEW/g, N,Mp, Nd, /OLD/p, /OLD/d."""
    options, rest = split_options(call.args, "e")
    if "i" in options:
        raise Unusable("-i is not available here; sed ... FILE > FILE2 is")
    script = options.get("e") or (rest.pop(0) if rest else "")
    if not script:
        raise Unusable("no script specified")
    text, err = text_of(call, rest)
    lines = text.splitlines()
    for part in filter(None, (one.strip() for one in script.split(";"))):
        lines = _edited(lines, part, "n" in options, bool({"E", "r"} & set(options)))
    return Result("".join(f"{line}\n" for line in lines), err, 2 if err else 0)


def _edited(lines: list[str], script: str, quiet: bool, extended: bool) -> list[str]:
    found = _SUBSTITUTE.fullmatch(script)
    if found is not None:
        old = pattern(found["old"], extended=extended, ignore_case="i" in found["flags"].lower())
        new = re.sub(r"(?<!\\)&", r"\\g<0>", found["new"].replace("\\/", "/"))
        try:
            return [old.sub(new, line, count=0 if "g" in found["flags"] else 1) for line in lines]
        except (re.error, IndexError):
            raise Unusable("-e expression #1: invalid reference on `s' command's RHS") from None
    numbered, matching = _PRINT.fullmatch(script), _MATCHING.fullmatch(script)
    if numbered is not None:
        ends = [
            len(lines) if one == "$" else int(one) for one in (numbered["first"], numbered["last"] or numbered["first"])
        ]
        chosen = {at for at in range(len(lines)) if ends[0] <= at + 1 <= ends[1]}
        if numbered["verb"] == "q":
            return lines[: ends[0]]
        verb = numbered["verb"]
    elif matching is not None:
        wanted = pattern(matching["text"], extended=extended)
        chosen, verb = {at for at, line in enumerate(lines) if wanted.search(line)}, matching["verb"]
    else:
        raise Unusable(f"-e expression #1: {script[:50]} is not available here; there are s, p, d and q")
    if verb == "d":
        return [line for at, line in enumerate(lines) if at not in chosen]
    return [line for at, line in enumerate(lines) for _ in range((at in chosen) + (not quiet))]


_RUN = {"cut": _cut, "tr": _tr, "column": _column, "tee": _tee, "sed": _sed}
TOOL = Tool(tuple(_RUN), run, ANYWHERE, at_administrator=True)
