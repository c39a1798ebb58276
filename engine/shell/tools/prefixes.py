"""Commands that run the command behind them: sudo(8), timeout(1), time, nohup(1), nice(1), env(1), xargs(1), and sleep(1), which
waits before the next.

Source: sudo 1.9, GNU coreutils 9.1, findutils 4.9.
"""

from __future__ import annotations

import dataclasses
import re

from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed, printed

_SECONDS = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
# Commands that xargs runs.
_MOST = 200
_LONGEST_SLEEP = 86400.0


def run(call: Call) -> Result:
    """`sudo COMMAND`, `timeout SECONDS COMMAND`, `time COMMAND`, `xargs [-n N] [-I WORD] COMMAND`, `sleep SECONDS`, ..."""
    return _RUN[call.argv[0].rpartition("/")[2]](call)


def _behind(call: Call, words: tuple[str, ...], stdin: str | None = None) -> Result:
    assert call.execute is not None
    return call.execute(call.live, call.host, words, call.stdin if stdin is None else stdin)


def _sudo(call: Call) -> Result:
    words = list(call.args)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-i", "-s"):
            return _behind(call, tuple(words)) if words else Result(login=call.host)
        if word in ("-u", "-g") and words:
            words.pop(0)
        elif word in ("-l", "-v", "-k"):
            return Result()
    if not words:
        return failed("usage: sudo -h | -K | -k | -V\nusage: sudo [-bEHns] [-u user] [command [arg ...]]")
    return _behind(call, tuple(words))


def _timeout(call: Call) -> Result:
    words = list(call.args)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-k", "-s", "--kill-after", "--signal") and words:
            words.pop(0)
    if len(words) < 2:
        return failed("timeout: missing operand\nTry 'timeout --help' for more information.", 125)
    seconds = _seconds(words[0])
    if seconds is None:
        return failed(f"timeout: invalid time interval '{words[0][:50]}'", 125)
    result = _behind(call, tuple(words[1:]))
    after = result.live or call.live
    if after.clock - call.live.clock > seconds > 0:
        # What it would have said later than that is not said.
        return Result(status=124, live=dataclasses.replace(after, clock=call.live.clock + seconds))
    return result


def _time(call: Call) -> Result:
    if not call.args:
        return Result()
    result = _behind(call, call.args)
    took = (result.live or call.live).clock - call.live.clock
    said = f"\nreal\t{int(took // 60)}m{took % 60:.3f}s\nuser\t0m0.004s\nsys\t0m0.003s\n"
    return dataclasses.replace(result, stderr=result.stderr + said)


def _plain(call: Call) -> Result:
    """nohup, nice: their options, then the command."""
    words = list(call.args)
    while words and (words[0].startswith("-") or words[0].lstrip("-").isdecimal()):
        words.pop(0)
    return _behind(call, tuple(words)) if words else failed(f"{call.argv[0]}: missing operand", 125)


def _env(call: Call) -> Result:
    words = list(call.args)
    while words and (words[0].startswith("-") or re.fullmatch(r"\w+=.*", words[0])):
        words.pop(0)
    if words:
        return _behind(call, tuple(words))
    assert call.run_line is not None
    return call.run_line(call.live, call.host, "export", None)


def _xargs(call: Call) -> Result:
    words, each, place = list(call.args), 0, ""
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word[:2] in ("-n", "-I", "-L"):
            value = word[2:] or (words.pop(0) if words else "")
            if word[:2] == "-I":
                place = value
            elif not value.isdecimal() or not int(value):
                return failed(f"xargs: value for {word[:2]} option should be >= 1")
            else:
                each = int(value)
        elif word not in ("-r", "-t", "--no-run-if-empty"):
            return failed(f"xargs: invalid option -- '{word.lstrip('-')[:20]}'")
    text = call.stdin or ""
    given = [line.strip() for line in text.splitlines() if line.strip()] if place else text.split()
    command = tuple(words) or ("echo",)
    if place:
        runs = [tuple(word.replace(place, one) for word in command) for one in given]
    else:
        size = each or max(1, len(given))
        runs = [(*command, *given[at : at + size]) for at in range(0, len(given), size)]
    out, err, status, live = "", "", 0, call.live
    assert call.execute is not None
    for one in runs[:_MOST]:
        result = call.execute(live, call.host, one, "")
        out, err, live = out + result.stdout, err + result.stderr, result.live or live
        status = 123 if result.status else status
    return Result(out, err, status, live)


def _sleep(call: Call) -> Result:
    if not call.args:
        return failed("sleep: missing operand\nTry 'sleep --help' for more information.")
    each = [_seconds(word) for word in call.args]
    bad = next((word for word, seconds in zip(call.args, each, strict=True) if seconds is None), None)
    if bad is not None:
        return failed(f"sleep: invalid time interval '{bad[:50]}'\nTry 'sleep --help' for more information.")
    return printed("", call.live.later(min(_LONGEST_SLEEP, sum(filter(None, each)))))


def _seconds(text: str) -> float | None:
    found = _SECONDS.fullmatch(text)
    return None if found is None else float(found[1]) * _UNITS[found[2]]


_RUN = {"sudo": _sudo, "timeout": _timeout, "time": _time, "nohup": _plain, "nice": _plain, "env": _env, "xargs": _xargs, "sleep": _sleep}  # fmt: skip
TOOL = Tool(tuple(_RUN), run, ANYWHERE, at_administrator=True)
