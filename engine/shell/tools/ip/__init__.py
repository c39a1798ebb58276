"""ip(8): addresses, links, routes, rules and neighbours of a host, shown and changed.

Each object is a module of its own; what they share stands in options.py. Source: iproute2 6.1, ip/ip.c (cmds).
"""

from __future__ import annotations

import importlib

from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.ip.options import BadUsage, Options, read_options

# In the order of ip's own table: the first whose beginning was typed is meant.
_OBJECTS = {
    "address": "address",
    "addrlabel": "",
    "maddress": "",
    "route": "route",
    "rule": "rule",
    "neighbor": "neighbour",
    "neighbour": "neighbour",
    "ntable": "",
    "link": "link",
    "tunnel": "",
    "tuntap": "",
    "monitor": "",
    "xfrm": "",
    "netns": "netns",
    "vrf": "",
    "nexthop": "",
    "mptcp": "",
}
_USAGE = """Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
where  OBJECT := { address | link | neighbour | netns | route | rule }
       OPTIONS := { -4 | -6 | -br[ief] | -d[etails] | -o[neline] | -s[tatistics] }
"""


def run(call: Call) -> Result:
    """`ip [OPTIONS] OBJECT [COMMAND ...]`."""
    try:
        options, words = read_options(call.args)
        if not words or words[0] == "help":
            return Result(stderr=_USAGE, status=0 if words else 255)
        found = next((name for name in _OBJECTS if name.startswith(words[0])), None)
        if found is None:
            return failed(f'Object "{words[0]}" is unknown, try "ip help".', 1)
        if not _OBJECTS[found]:
            return failed(
                f"ip: {found} is not modelled here; there are address, link, neighbour, netns, route and rule", 1
            )
        module = importlib.import_module(f"engine.shell.tools.ip.{_OBJECTS[found]}")
        result = module.run(call, options, words[1:])
    except BadUsage as error:
        return failed(str(error), error.status)
    assert isinstance(result, Result)
    return result


__all__ = ["TOOL", "Options"]

TOOL = Tool(("ip",), run, ANYWHERE)
