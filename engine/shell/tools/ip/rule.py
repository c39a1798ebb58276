"""ip rule: the rules that every host has; more are not modelled. Source: iproute2 6.1, ip/iprule.c."""

from __future__ import annotations

from collections.abc import Sequence

from engine.shell.interface import Call, Result, printed
from engine.shell.tools.ip.options import BadUsage, Options, begins

_RULES = {
    4: ("0:\tfrom all lookup local", "32766:\tfrom all lookup main", "32767:\tfrom all lookup default"),
    6: ("0:\tfrom all lookup local", "32766:\tfrom all lookup main"),
}


def run(call: Call, options: Options, words: Sequence[str]) -> Result:
    """`ip rule [show]`."""
    if words and not begins(words[0], "show", "list", "lst"):
        raise BadUsage(f"ip: rule {words[0]} is not modelled here; there is show")
    return printed("\n".join(_RULES[options.family or 4]))
