"""ss(8): who listens on a host. Source: iproute2 6.1, misc/ss.c; connections that stand are conntrack's to show here."""

from __future__ import annotations

from engine.network.host import HostKind
from engine.packet import L4
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed

_QUEUE = {L4.TCP: ("LISTEN", 0, 4096), L4.UDP: ("UNCONN", 0, 0)}


def run(call: Call) -> Result:
    """`ss -ltn`, `ss -lun`, `ss -ltunp`."""
    letters = {letter for word in call.args if word.startswith("-") for letter in word[1:]}
    if letters - set("ltunpHe46"):
        return failed("ss: here it lists who listens: ss -ltn, ss -lun, ss -ltunp")
    asked = [protocol for letter, protocol in (("t", L4.TCP), ("u", L4.UDP)) if letter in letters] or [L4.TCP, L4.UDP]
    if "l" not in letters:
        asked = []
    several = len(asked) != 1
    rows = []
    for protocol in sorted(asked, key=lambda one: one is L4.TCP):
        for port in _listening(call, protocol):
            state, received, sent = _QUEUE[protocol]
            rows.append(
                (*((protocol.lower(),) if several else ()), state, str(received), str(sent), f"*:{port}", "*:*")
            )
    heads = (*(("Netid",) if several else ()), "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port")
    lines = [heads, *rows] if "H" not in letters else rows
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))] if lines else []
    return Result("".join(" ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines))  # fmt: skip


def _listening(call: Call, protocol: L4) -> list[int]:
    """The open ports of the host, whatever the address."""
    here, fabric = call.here, call.live.fabric
    addresses = {a.address for device in here.devices.values() for a in device.addresses}
    if here.kind is HostKind.NODE:
        addresses |= set(fabric.node(call.host).internal_ips)
    listening = fabric.address_index.listening
    return sorted({port for address in addresses for kind, port in listening.get(address, ()) if kind is protocol})


TOOL = Tool(("ss",), run, ANYWHERE)
