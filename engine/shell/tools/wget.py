"""wget(1) of a pod's busybox: what curl would get, said as wget says it. Source: busybox 1.36, networking/wget.c."""

from __future__ import annotations

import re

from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable, split_options

# curl's exit status -> what is said.
_SAID = {
    6: "bad address '{host}'",
    7: "can't connect to remote host ({host}): Connection refused",
    28: "download timed out",
}


def run(call: Call) -> Result:
    """`wget [-q] [-O FILE|-] [-T SECONDS] [--spider] URL`."""
    words = [word for word in call.args if word not in ("--spider", "--no-check-certificate")]
    seconds = next((word.partition("=")[2] for word in words if word.startswith("--timeout=")), "")
    try:
        options, rest = split_options([word for word in words if not word.startswith("--timeout=")], "OTt")
    except Unusable as error:
        return failed(f"wget: {error}")
    if len(rest) != 1:
        return failed("BusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-T SEC] URL")
    seconds = options.get("T") or seconds or "900"
    assert call.execute is not None
    result = call.execute(call.live, call.host, ("curl", "-s", "-m", seconds, rest[0]), None)
    host = re.sub(r"^\w+://", "", rest[0]).partition("/")[0]
    quiet = "q" in options
    if result.status:
        said = _SAID.get(result.status, "server returned error").format(
            host=host if ":" in host or result.status == 6 else f"{host}:80"
        )
        return Result("", f"{'' if quiet else f'Connecting to {host}' + chr(10)}wget: {said}\n", 1, result.live)
    name = options.get("O", "index.html")
    shown = result.stdout if name == "-" else ""
    told = "" if quiet else f"Connecting to {host}\n" + ("" if name == "-" else f"saving to '{name}'\n'{name}' saved\n")
    return Result(shown, told, 0, result.live)


TOOL = Tool(("wget",), run, ANYWHERE, at_administrator=False)
