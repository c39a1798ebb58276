"""/proc/net/xt_recent/NAME: the lists of `-m recent`, read and written. Source: net/netfilter/xt_recent.c (recent_seq_show,
recent_mt_proc_write; the order of the lines is that of a hash table)."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import TYPE_CHECKING

from engine.netfilter.memory import ClientMemory, stamped
from engine.network.host import HostKind
from engine.packet import Family
from engine.shell.client_memory import list_names
from engine.shell.clock import jiffies
from engine.trace import MemoryKind, Remembered

if TYPE_CHECKING:
    from engine.shell.live import LiveCluster

FOLDER = "/proc/net/xt_recent/"


class BadLine(ValueError):
    """What was written is none of `+ADDRESS`, `-ADDRESS` and `/`."""


def names_on(live: LiveCluster, host: str) -> tuple[str, ...]:
    """The lists of the host: those that its rules name."""
    if not live.has(host, frozenset({HostKind.NODE})):
        return ()
    return tuple(dict.fromkeys(name for family in Family for name in list_names(live.rules(host, family))))


def read(live: LiveCluster, host: str, name: str) -> str:
    """What the file of a list shows."""
    return "".join(_line(one) for one in live.remembered(host) if _of(one, name))


def _of(one: Remembered, name: str) -> bool:
    return one.kind is MemoryKind.RECENT and one.name == name


def _line(one: Remembered) -> str:
    # %pI6: an IPv6 address in full.
    shown = ipaddress.ip_address(one.key).exploded
    stamps = ", ".join(str(jiffies(stamp)) for stamp in one.stamps)
    return f"src={shown} ttl: {one.ttl} last_seen: {jiffies(one.last)} oldest_pkt: {one.index} {stamps}\n"


def write(live: LiveCluster, host: str, name: str, text: str) -> LiveCluster:
    """After `+ADDRESS`, `-ADDRESS` or `/` (all of them) was written to the file of a list. Raises BadLine."""
    memory = ClientMemory(live.remembered(host))
    if text.startswith("/"):
        for one in memory.entries():
            if _of(one, name):
                memory.drop(one)
    else:
        _write_address(memory, name, text, live.clock)
    return live.with_state(host, dataclasses.replace(live.state(host), remembered=memory.entries()))


def _write_address(memory: ClientMemory, name: str, text: str, now: float) -> None:
    sign, address = text[:1], text[1:].partition("\n")[0]
    try:
        key = str(ipaddress.ip_address(address))
    except ValueError as error:
        raise BadLine(text) from error
    there = memory.find(MemoryKind.RECENT, name, key)
    if sign == "+":
        made = Remembered(MemoryKind.RECENT, name, key, (now,))
        memory.put(made if there is None else stamped(there, now, there.ttl))
    elif sign != "-":
        raise BadLine(text)
    elif there is not None:
        memory.drop(there)
