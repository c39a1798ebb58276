"""cp(1), mv(1), rm(1), touch(1), mkdir(1) of files that were written here. Source: GNU coreutils 9.1."""

from __future__ import annotations

import dataclasses

from engine.shell.files import FileRefused, absolute, is_folder, read_file, write_file
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.live import LiveCluster

_OTHERS = "not simulated here: only what was written here is taken away"


def run(call: Call) -> Result:
    """`cp|mv FILE... FILE|FOLDER`, `rm [-rf] FILE...`, `touch FILE...`."""
    name = call.argv[0].rpartition("/")[2]
    words = [word for word in call.args if not word.startswith("-") or word == "-"]
    if name == "mkdir":
        return failed("mkdir: not simulated here: a folder is there once a file is written in it")
    if not words or (name in ("cp", "mv") and len(words) < 2):
        return failed(f"{name}: missing {'destination ' if words else ''}{'file ' if name != 'rm' else ''}operand")
    if name == "rm" and any(absolute(call.live, call.host, word) == "/" for word in words):
        return failed(
            "rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe"
        )
    live, said = call.live, ""
    for word in words if name in ("rm", "touch") else words[:-1]:
        try:
            live = _one(call, live, name, word, words[-1])
        except FileRefused as error:
            forced = (
                name == "rm"
                and error.why.startswith("No such")
                and any("f" in one for one in call.args if one[0] == "-")
            )
            said += "" if forced else f"{name}: {'cannot remove ' if name == 'rm' else ''}{error}\n"
    return Result(stderr=said, status=int(bool(said)), live=live)


def _one(call: Call, live: LiveCluster, name: str, word: str, target: str) -> LiveCluster:
    if name == "touch":
        return write_file(live, call.host, word, "", append=True)
    text = read_file(live, call.host, word)
    if name in ("cp", "mv"):
        at = absolute(live, call.host, target)
        into = is_folder(live, call.host, at)
        live = write_file(live, call.host, f"{at}/{word.rpartition('/')[2]}" if into else target, text)
    return live if name == "cp" else _without(live, call.host, word)


def _without(live: LiveCluster, host: str, word: str) -> LiveCluster:
    state, at = live.state(host), absolute(live, host, word)
    if at not in state.files:
        raise FileRefused(word, _OTHERS)
    files = {path: text for path, text in state.files.items() if path != at}
    return live.with_state(host, dataclasses.replace(state, files=files))


TOOL = Tool(("cp", "mv", "rm", "touch", "mkdir"), run, ANYWHERE, at_administrator=True)
