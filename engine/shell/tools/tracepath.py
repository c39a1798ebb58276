"""tracepath(8), traceroute(8): who takes one off a packet's TTL on its way. Sources: iputils 20221126, tracepath.c; traceroute
2.1.2, traceroute.c; net/ipv4/ip_forward.c (the TTL is looked at before any rule of FORWARD).

Probes are datagrams to a port that nobody listens on: the destination answers with ICMP port unreachable.
"""

from __future__ import annotations

import re

from engine.network.addresses import icmp_source
from engine.network.host import HostKind
from engine.packet import L4, FiveTuple, split_host_port
from engine.shell.connect import NEIGHBOUR_TIMEOUT, Ending, attempt, mtu_towards, rejected, who
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.live import LiveCluster
from engine.shell.names import resolve_name
from engine.shell.tools.lines import Unusable, split_options
from engine.trace import Hop, Outcome, ReasonCode, Request, Stage, Verdict, Where
from engine.values import dataclass

_PORTS = {"tracepath": 44444, "traceroute": 33434}
_MOST_HOPS = 30
# Seconds that tracepath waits three times, and traceroute for its three probes, which it sends together.
_WAITS = {"tracepath": 3.0, "traceroute": 5.0}
_LOOPBACK_MTU = 65535
_REJECTED = {Ending.REFUSED: "", Ending.NO_ROUTE: "!H", Ending.NO_NETWORK: "!N"}
_TOLD = {ReasonCode.NO_ROUTE: "!N", ReasonCode.NO_NEIGHBOUR: "!H"}


@dataclass(frozen=True, slots=True)
class _Step:
    """Who answered a probe of one TTL (None: nobody), what its error says, whether the end is reached, over how many hops the
    answer came (0: as many as there), what its host is called, which MTU it names instead of what was asked (0: none)."""

    address: str | None
    error: str = ""
    reached: bool = False
    back: int = 0
    host: str = ""
    mtu: int = 0


def run(call: Call) -> Result:
    """`tracepath [-n] [-m HOPS] DESTINATION`, `traceroute [-n] [-m HOPS] [-w SECONDS] [-q PROBES] [-I] DESTINATION`."""
    tool = call.argv[0].rpartition("/")[2]
    try:
        options, rest = split_options(call.args, "mwqlpfi")
    except Unusable as error:
        return failed(f"{tool}: {error}", 1)
    hops = options.get("m", str(_MOST_HOPS))
    waits = re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", options.get("w", "5"))
    if len(rest) not in (1, 2) or not waits or not re.fullmatch(r"[1-9][0-9]{0,2}", hops):
        return failed(f"Usage: {tool} [-n] [-m max_hops] destination", 1)
    resolved = resolve_name(call.live, call.host, rest[0])
    live = resolved.live.later(resolved.seconds)
    if not resolved.addresses:
        return Result(stderr=f"{tool}: {rest[0]}: Name or service not known\n", status=1, live=live)
    address = resolved.address
    found = attempt(live, call.host, address, _PORTS[tool], "UDP")
    live = found.live
    unsent = found.ending in (Ending.NO_NETWORK, Ending.INVALID) and found.seconds == 0.0
    if unsent:
        told = " 1:  send failed\n     Resume: pmtu 65535 \n" if tool == "tracepath" else _head(rest[0], address, int(hops), live="")  # fmt: skip
        return Result(told, "" if tool == "tracepath" else f"\nconnect: {found.ending}\n", 1, live)
    steps = _steps(call, live, address, found.outcome, int(hops))
    if tool == "tracepath":
        steps = _full_size(call, live, address, steps, int(hops))
    if (
        tool == "traceroute"
        and steps
        and steps[-1].error == "!H"
        and float(options.get("w", "5") or 5) < NEIGHBOUR_TIMEOUT
    ):
        steps = [*steps[:-1], *[_Step(None)] * (int(hops) - len(steps) + 1)]
    silent = sum(one.address is None for one in steps)
    text = _tracepath(call, address, steps) if tool == "tracepath" else _traceroute(rest[0], address, int(hops), steps)
    return Result(text, live=live.later(silent * _WAITS[tool]))


def _steps(call: Call, live: LiveCluster, address: str, outcome: Outcome, most: int) -> list[_Step]:
    steps: list[_Step] = []
    where = outcome.where
    reached = outcome.verdict is Verdict.REFUSED or outcome.verdict is Verdict.DELIVERED
    last = outcome.hops[-1].host if outcome.hops else ""
    end = where.host if where is not None and where.code is ReasonCode.NOBODY_LISTENS else ""
    passed: list[str] = []
    for hop in outcome.hops:
        if hop.stage is Stage.ROUTING and hop.encapsulation is None and hop.host not in (call.host, end, *passed):
            passed.append(hop.host)
            steps.append(_Step(_heard(call, live, hop.host, hop.src, hop.dst), host=hop.host))
    if reached:
        steps.append(_Step(address, reached=True))
    elif outcome.verdict is Verdict.REJECT and where is not None and outcome.reply:
        steps.append(_rejected(where, outcome.reply))
    elif where is not None and where.code in _TOLD and where.host in (call.host, *passed, last):
        teller = where.host
        source = _heard(call, live, teller, outcome.hops[-1].src, outcome.hops[-1].dst) if teller != call.host else None
        steps.append(_Step(source or _first(live, call.host), _TOLD[where.code], reached=True))
    if not steps or not steps[-1].reached:
        steps += [_Step(None)] * (most - len(steps))
    return steps[:most]


def _full_size(call: Call, live: LiveCluster, address: str, steps: list[_Step], most: int) -> list[_Step]:
    """What becomes of them where each probe is as long as the device carries, and has DF: who forwards it looks at the TTL
    first, so that it answers for itself before it tells of a smaller MTU or the packet is lost behind it."""
    if call.here.is_local(address) or not steps or not steps[-1].reached or steps[-1].error:
        return steps
    sized = attempt(live, call.host, address, 0, "ICMP", size=mtu_towards(call.here, address))
    found = list(steps)
    for heard in sized.outcome.learned:
        at = next((n for n, one in enumerate(found) if one.address == heard.told_by and not one.mtu), None)
        if at is not None:
            found.insert(at + 1, _Step(heard.told_by, host=found[at].host, mtu=heard.mtu))
    if sized.hangs and sized.outcome.stalls is not None:
        last = next((n for n, one in enumerate(found) if one.host == sized.outcome.stalls.host), -1)
        answered = found[: last + 1]
        return answered + [_Step(None)] * (most - sum(not one.mtu for one in answered))
    return found


def _rejected(where: Where, reply: tuple[Hop, ...]) -> _Step:
    """What a rule answers with, which need not be the destination's address; port unreachable looks like the end."""
    between = {hop.host for hop in reply if hop.stage is Stage.ROUTING} - {where.host, reply[-1].host}
    return _Step(reply[-1].src, _REJECTED[rejected(where.rule or "")], reached=True, back=len(between) + 1)


def _heard(call: Call, live: LiveCluster, host: str, source: str, destination: str) -> str | None:
    """The address that the error of `host` comes from; None where it does not come back to the caller."""
    (src, _), (dst, _) = split_host_port(source), split_host_port(destination)
    there = live.fabric.host(host)
    if there.kind in (HostKind.NODE, HostKind.POD):
        back, _ = live.walk(Request(who(live, host), src, "ICMP"))
        if back.verdict is not Verdict.DELIVERED:
            return None
    elif not (route := there.lookup(src)) or (route.prefix == "0.0.0.0/0" and src not in live.fabric.external):
        # A router that knows no way back to a pod's own address.
        return None
    return icmp_source(there, FiveTuple(L4.UDP, src, 0, dst, 0))


def _first(live: LiveCluster, host: str) -> str:
    devices = live.fabric.host(host).devices.values()
    return next((a.address for device in devices if device.name != "lo" for a in device.addresses), host)


def _milliseconds(ttl: int) -> float:
    return 0.02 + ttl * 0.031


def _tracepath(call: Call, address: str, steps: list[_Step]) -> str:
    mtu, lines = mtu_towards(call.here, address) or _LOOPBACK_MTU, []
    if not call.here.is_local(address):
        lines.append(f" 1?: [LOCALHOST]                      pmtu {mtu}")
    ttl = 0
    for one in steps:
        ttl += 1
        if one.address is None:
            lines.append(f"{ttl:2}:  no reply")
            continue
        row = f"{ttl:2}:  {one.address:<52}{_milliseconds(ttl):7.3f}ms "
        if one.mtu:
            # The next probe has the same TTL.
            mtu, ttl = one.mtu, ttl - 1
            lines.append(f"{row}pmtu {mtu}")
            continue
        row += (one.error or "reached") if one.reached else ""
        # The first probe has found out the path's MTU alone; the second asks again.
        lines += [row] * (2 if ttl == 1 and mtu != _LOOPBACK_MTU and not one.error else 1)
    if not steps or not steps[-1].reached:
        lines.append(f"     Too many hops: pmtu {mtu}")
    told = steps and steps[-1].reached and not steps[-1].error
    back = steps[-1].back or ttl if told else 0
    lines.append(f"     Resume: pmtu {mtu} " + (f"hops {ttl} back {back} " if told else ""))
    return "".join(f"{line}\n" for line in lines)


def _head(name: str, address: str, hops: int, live: str = "\n") -> str:
    return f"traceroute to {name} ({address}), {hops} hops max, 60 byte packets{live}"


def _traceroute(name: str, address: str, hops: int, steps: list[_Step]) -> str:
    lines = []
    for ttl, one in enumerate(steps, 1):
        if one.address is None:
            lines.append(f"{ttl:2}  * * *")
            continue
        mark = f" {one.error}" if one.error else ""
        times = "  ".join(f"{_milliseconds(ttl) + part / 1000:.3f} ms{mark}" for part in (9, 2, 0))
        lines.append(f"{ttl:2}  {one.address}  {times}")
    return _head(name, address, hops) + "".join(f"{line}\n" for line in lines)


TOOL = Tool(("tracepath", "traceroute"), run, ANYWHERE)
