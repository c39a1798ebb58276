"""ss(8): who listens on a host. Source: iproute2 6.1, misc/ss.c; connections that stand are conntrack's to show here."""

from __future__ import annotations

from engine.network.devices import DeviceKind
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
    rows = [
        (protocol.lower(), state, f"{received:<6}", f"{sent:<6}", f"{address}:", str(port), f"{address}:", "*", "")
        for protocol in sorted(asked, key=lambda one: one is L4.TCP)
        for state, received, sent in (_QUEUE[protocol],)
        for address, port in _listening(call, protocol)
    ]
    lines = [_HEADS, *rows] if "H" not in letters else rows
    return Result(_columns([line[0 if several else 1 :] for line in lines], _COLUMNS[0 if several else 1 :]))


# A column's name, whether it stands to the right, and what parts it from the one before it (misc/ss.c, columns).
_COLUMNS = (
    ("Netid", False, " "), ("State", False, " "), ("Recv-Q", False, " "), ("Send-Q", False, " "), ("Local Address:", True, " "),
    ("Port", False, ""), ("Peer Address:", True, " "), ("Port", False, ""), ("Process", False, ""),
)  # fmt: skip
_HEADS = tuple(name for name, _, _ in _COLUMNS)


def _columns(lines: list[tuple[str, ...]], columns: tuple[tuple[str, bool, str], ...]) -> str:
    widths = [max((len(line[at]) for line in lines), default=0) for at in range(len(columns))]
    out = ""
    for line in lines:
        for at, (cell, width, (_, right, before)) in enumerate(zip(line, widths, columns, strict=True)):
            out += (before if at else "") + (cell.rjust(width) if right else cell.ljust(width))
        out += "\n"
    return out


def _listening(call: Call, protocol: L4) -> list[tuple[str, int]]:
    """(address, port) of what listens on the host: Go's servers on both families at once, the kernel's own sockets of VXLAN
    on IPv4's (vxlan_create_sock)."""
    here, fabric = call.here, call.live.fabric
    addresses = {a.address for device in here.devices.values() for a in device.addresses}
    if here.kind is HostKind.NODE:
        addresses |= set(fabric.node(call.host).internal_ips)
    listening = fabric.address_index.listening
    ports = sorted({port for address in addresses for kind, port in listening.get(address, ()) if kind is protocol})
    found = [("*", port) for port in ports]
    if protocol is L4.UDP:
        tunnels = (d.tunnel for d in here.devices.values() if d.kind is DeviceKind.VXLAN and d.up)
        found += [("0.0.0.0", one.port) for one in tunnels if one is not None and one.port]  # noqa: S104
    return found


TOOL = Tool(("ss",), run, ANYWHERE)
