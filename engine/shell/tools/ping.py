"""ping(8): echo requests and what comes back. Source: iputils 20221126, ping/ping.c, ping/ping_common.c.

Times are what a packet takes between hosts of one site; without -c four are sent, since nobody is there to press Ctrl-C.
"""

from __future__ import annotations

import re

from engine.network.addresses import icmp_source
from engine.packet import L4, FiveTuple
from engine.shell.connect import Attempt, Ending, attempt, mtu_towards
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.names import resolve_name
from engine.shell.tools.lines import Unusable, split_options
from engine.trace import ReasonCode

_UNHEARD = {
    ReasonCode.NO_NEIGHBOUR: "Destination Host Unreachable",
    ReasonCode.NO_ROUTE: "Destination Net Unreachable",
    ReasonCode.TTL_EXPIRED: "Time to live exceeded",
    ReasonCode.ROUTING_LOOP: "Time to live exceeded",
}
_MOST = 1000


def run(call: Call) -> Result:
    """`ping [-c COUNT] [-s SIZE] [-W SECONDS] [-M do] [-n] [-q] DESTINATION`."""
    try:
        options, rest = split_options(call.args, "csWMiIwt")
        count, size, patience = (
            _number(options.get(letter, usual)) for letter, usual in (("c", "4"), ("s", "56"), ("W", "10"))
        )
    except Unusable as error:
        return failed(f"ping: {error}", 2)
    if len(rest) != 1:
        return failed("ping: usage error: Destination address required", 1)
    count = min(count, _MOST)
    name = rest[0]
    resolved = resolve_name(call.live, call.host, name)
    live = resolved.live.later(resolved.seconds)
    if not resolved.addresses:
        return Result(stderr=f"ping: {name}: Name or service not known\n", status=2, live=live)
    address = resolved.address
    headers = 8 + (40 if ":" in address else 20)
    out = f"PING {name} ({address}) {size}({size + headers}) bytes of data.\n"
    received, errors, times = 0, 0, []
    whole = size + headers if options.get("M") == "do" or size > 1000 else None
    mtu = mtu_towards(call.here, address)
    for sequence in range(1, count + 1):
        if options.get("M") == "do" and mtu and size + headers > mtu:
            out, errors = out + f"ping: local error: message too long, mtu={mtu}\n", errors + 1
            continue
        found = attempt(live, call.host, address, 0, "ICMP", size=whole)
        live = found.live.later(1.0 if sequence < count else 0.0)
        if found.ending is Ending.NO_NETWORK and found.seconds == 0.0:
            return Result(stderr="ping: connect: Network is unreachable\n", status=2, live=live)
        heard = next((one for one in found.outcome.learned if one.told_by), None) if options.get("M") == "do" else None
        if heard is not None:
            # The kernel notes it, and refuses the next ones itself (ip_rt_update_pmtu).
            mtu = heard.mtu
            line = f"From {heard.told_by} icmp_seq={sequence} Frag needed and DF set (mtu = {mtu})\n"
            out, errors = out + (line if "q" not in options else ""), errors + 1
            continue
        line = _line(call, found, address, size, sequence, whole)
        if found.ending is Ending.CONNECTED and not found.hangs:
            received += 1
            times.append(_milliseconds(call, sequence))
        elif line and found.seconds > count - sequence + patience:
            # ARP gives up after the last probe's time is over.
            line = ""
        elif line:
            errors += 1
        out += line if "q" not in options else ""
    lost = 100 * (count - received) // max(count, 1)
    failures = f", +{errors} errors" if errors else ""
    took = (count - 1) * 1001
    out += f"\n--- {name} ping statistics ---\n{count} packets transmitted, {received} received{failures}, {lost}% packet loss, time {took}ms\n"
    if times:
        low, high, mean = min(times), max(times), sum(times) / len(times)
        out += f"rtt min/avg/max/mdev = {low:.3f}/{mean:.3f}/{high:.3f}/{(high - low) / 2:.3f} ms\n"
    else:
        out += "\n"
        live = live.later(0.0 if errors else patience)
    return Result(out, status=0 if received else 1, live=live)


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]+)?", text) or int(float(text)) > 65507:
        raise Unusable(f"invalid argument: '{text}'")
    return int(float(text))


def _milliseconds(call: Call, sequence: int) -> float:
    return 0.3 + (sum(map(ord, call.host)) * 37 + sequence * 61) % 200 / 1000


def _line(call: Call, found: Attempt, address: str, size: int, sequence: int, whole: int | None) -> str:
    where = found.outcome.where if not found.hangs else found.outcome.stalls
    if where is None:
        reply = found.outcome.reply
        ends = {call.host, *(hop.host for hop in reply[:1])}
        # What routes a tunnel's packet leaves what it carries alone.
        routed = {hop.host for hop in reply if hop.stage == "routing" and hop.encapsulation is None}
        ttl = 64 - len(routed - ends)
        return f"{size + 8} bytes from {address}: icmp_seq={sequence} ttl={ttl} time={_milliseconds(call, sequence):.3f} ms\n"
    if where.code is ReasonCode.MESSAGE_TOO_LONG:
        return f"ping: local error: message too long, mtu={mtu_towards(call.here, address)}\n"
    # Where the walk ends there, the error did not get back: nothing is heard.
    if where.code is ReasonCode.FRAGMENTATION_NEEDED:
        return ""
    if found.ending is Ending.REFUSED:
        return f"From {_teller(call, found, where.host, address)} icmp_seq={sequence} Destination Port Unreachable\n"
    words = _UNHEARD.get(where.code)
    return "" if words is None else f"From {_teller(call, found, where.host, address)} icmp_seq={sequence} {words}\n"


def _teller(call: Call, found: Attempt, host: str, address: str) -> str:
    """The address that the host tells of the error from."""
    sent = found.outcome.hops[0].src if found.outcome.hops else ""
    return icmp_source(call.live.fabric.host(host), FiveTuple(L4.ICMP, sent or address, 0, address, 0))


TOOL = Tool(("ping",), run, ANYWHERE)
