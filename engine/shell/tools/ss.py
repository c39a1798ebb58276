"""ss(8): who listens on a host. Source: iproute2 6.1, misc/ss.c; what was connected is conntrack's to show here."""

from __future__ import annotations

import re

from engine.network.devices import DeviceKind
from engine.network.host import HostKind
from engine.packet import L4
from engine.shell.interface import ANYWHERE, ON_NODES, Call, Result, Tool, failed
from engine.shell.processes import processes

_LONG = {"--tcp": "t", "--udp": "u", "--listening": "l", "--numeric": "n", "--processes": "p", "--all": "a", "--no-header": "H", "--version": "V"}  # fmt: skip
_KUBELET, _HEALTH = 10250, 10256
_QUEUE = {L4.TCP: ("LISTEN", 0, 4096), L4.UDP: ("UNCONN", 0, 0)}


def run(call: Call) -> Result:
    """`ss [-a|-l] [-t] [-u] [-n] [-p] [-H] [state STATE] [sport = :PORT]`: no connection stands longer than its command."""
    letters = {letter for word in call.args if re.fullmatch("-[A-Za-z46]+", word) for letter in word[1:]}
    letters |= {_LONG[word] for word in call.args if word in _LONG}
    words = [word for word in call.args if not word.startswith("-")]
    if "V" in letters:
        return Result("ss utility, iproute2-6.1.0\n")
    unknown = [word for word in call.args if word.startswith("--") and word not in _LONG]
    if letters - set("ltunpHea46Oimo") or unknown:
        return failed("ss: here it lists who listens: ss -ltn, ss -lun, ss -ltunp, ss -tan")
    wanted = _ports(words)
    if wanted is None:
        return failed(f"ss: {' '.join(words)[:80]} is not simulated here; there are `state STATE` and `sport = :PORT`")
    state, ports = wanted
    asked = [protocol for letter, protocol in (("t", L4.TCP), ("u", L4.UDP)) if letter in letters] or [L4.TCP, L4.UDP]
    several = len(asked) != 1
    listed = (
        bool(letters & set("la")) and state in ("", "all", "listening", "unconnected") or state in ("listening", "all")
    )
    rows = [
        (protocol.lower(), way, f"{received:<6}", f"{sent:<6}", f"{address}:", str(port), f"{address}:", "*", _owner(call, port) if "p" in letters else "")
        for protocol in sorted(asked, key=lambda one: one is L4.TCP)
        for way, received, sent in (_QUEUE[protocol],)
        for address, port in _listening(call, protocol)
        if listed and (ports is None or port in ports)
    ]  # fmt: skip
    lines = [_HEADS, *rows] if "H" not in letters else rows
    return Result(_columns([line[0 if several else 1 :] for line in lines], _COLUMNS[0 if several else 1 :]))


def _ports(words: list[str]) -> tuple[str, set[int] | None] | None:
    """(the state, the ports) of a filter; None for one that is not here."""
    state = ""
    if words[:1] == ["state"] and len(words) > 1:
        state, words = words[1], words[2:]
    text = " ".join(words).strip("( )")
    if not text:
        return state, None
    found = re.fullmatch(
        r"(?:sport|src) ?(?:=|==|eq)? ?:([0-9]{1,5})(?: or (?:sport|src) ?(?:=|==|eq)? ?:([0-9]{1,5}))?", text
    )
    if found is None:
        # Nobody who listens has a peer.
        return (state, set()) if re.fullmatch(r"(?:dport|dst) ?(?:=|==|eq)? ?[0-9a-f.:\[\]]+", text) else None
    return state, {int(one) for one in found.groups() if one}


def _owner(call: Call, port: int) -> str:
    """The process behind a port, as far as it is known: descriptors are drawn."""
    known = {_KUBELET: "kubelet", _HEALTH: "kube-proxy"} if call.live.has(call.host, ON_NODES) else {}
    found = [
        one
        for one in processes(call.live, call.host)
        if known.get(port, "") == one.name or (not known and one.pid == 1)
    ]
    return f'users:(("{found[0].name}",pid={found[0].pid},fd=12))' if found else ""


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
