"""tcpdump(8): what a device sees, while another command sends. Source: tcpdump 4.99.3.

Started with `&` it shows what is sent from then on, until `kill %1` or `pkill tcpdump`. In front it shows one round of the
connections that go on by themselves.
"""

from __future__ import annotations

import dataclasses
import re

from engine.network.host import HostKind
from engine.shell.captures import show
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.live import Capture
from engine.shell.pcap_filter import BadFilter, read_filter
from engine.shell.tools.lines import Unusable, split_options


def run(call: Call) -> Result:
    """`tcpdump [-n] [-i DEVICE|any] [-c COUNT] [EXPRESSION] [&]`; `pkill tcpdump`, `kill %1`."""
    if call.argv[0].rpartition("/")[2] != "tcpdump":
        return _stopped(call)
    if call.args[:1] in (("-D",), ("--list-interfaces",)):
        names = [*call.here.devices, "any"]
        return Result("".join(f"{at}.{name} [Up, Running]\n" for at, name in enumerate(names, 1)))
    if call.args[:1] == ("--version",):
        return Result("tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\n")
    try:
        capture = _read(call)
    except (Unusable, BadFilter) as error:
        return failed(str(error))
    head = _said_of(call) + (
        "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n"
        f"listening on {capture.device}, link-type {'LINUX_SLL2 (Linux cooked v2)' if capture.device == 'any' else 'EN10MB (Ethernet)'}, "
        "snapshot length 262144 bytes\n"
    )
    live = dataclasses.replace(call.live, captures=(*call.live.captures, capture), packets=())
    if call.background:
        return Result(stderr=head, live=live)
    for request in call.live.traffic:
        _, live = live.walk(request)
    shown, _ = show(live)
    lines = shown.count("\n")
    after = dataclasses.replace(live, captures=call.live.captures, packets=call.live.packets)
    hint = "" if lines else "(nothing was sent meanwhile: start it with & and send something)\n"
    return Result(shown, f"{head}{hint}{lines} packets captured\n", 0, after)


def _said_of(call: Call) -> str:
    """What is said of letters by which the real one shows more."""
    options, _ = split_options(call.args, "icswrG")
    more = [f"-{letter}" for letter in "veAXxSK" if letter in options]
    return f"({', '.join(more)}: no more is shown of a packet here)\n" if more else ""


def _read(call: Call) -> Capture:
    options, words = split_options(call.args, "icswrG")
    if "w" in options or "r" in options:
        raise Unusable("tcpdump: -w and -r are not simulated here; start it with & and send something")
    first = "any" if call.here.kind is HostKind.NODE else "eth0"
    device = options.get("i", next((one for one in call.here.devices if one == "eth0"), first))
    if device != "any" and device not in call.here.devices:
        raise Unusable(f"tcpdump: {device}: No such device exists\n(SIOCGIFHWADDR: No such device)")
    count = options.get("c")
    if count is not None and not re.fullmatch(r"[1-9][0-9]{0,5}", count):
        raise Unusable(f"tcpdump: invalid packet count {count}")
    read_filter(words)
    return Capture(call.host, device, tuple(words), None if count is None else int(count))


def _stopped(call: Call) -> Result:
    """`kill %1` and `pkill tcpdump` end what listens on this host."""
    mine = [one for one in call.live.captures if one.host == call.host]
    if not mine:
        return failed("" if call.argv[0] == "pkill" else "sh: kill: No such process", 1)
    left = tuple(one for one in call.live.captures if one.host != call.host)
    said = "".join(f"\n{one.shown} packets captured\n" for one in mine)
    return Result(stderr=said, live=dataclasses.replace(call.live, captures=left, packets=()))


TOOL = Tool(("tcpdump", "pkill", "kill"), run, ANYWHERE)
