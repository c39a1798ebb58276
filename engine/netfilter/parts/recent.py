"""`-m recent`: lists of addresses that packets write and read; session affinity in iptables mode.

Sources: net/netfilter/xt_recent.c (recent_mt); iptables 1.8.9 extensions/libxt_recent.c.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation, number
from engine.netfilter.memory import ClientMemory, stamped
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.trace import MemoryKind, Remembered
from engine.values import dataclass

_OPERATIONS = ("--rcheck", "--set", "--update", "--remove")
_KNOWN = {*_OPERATIONS, "--seconds", "--reap", "--name", "--mask", "--rsource", "--rdest"}


@dataclass(frozen=True, slots=True)
class Recent(ModelledMatch):
    """`-m recent --rcheck|--set ...` (xt_recent.c). `operation` is "rcheck", "set", "update" or "remove"."""

    operation: str
    name: str
    seconds: int | None = None
    reap: bool = False
    mask: str = "255.255.255.255"
    side: str = "rsource"
    negate: bool = False

    def holds(self, context: Context) -> bool:
        """recent_mt, without hit counts and --rttl."""
        memory, skb, now = context.memory, context.skb, context.now
        address = _masked(skb.flow.dst if self.side == "rdest" else skb.flow.src, self.mask)
        entry = memory.find(MemoryKind.RECENT, self.name, address)
        # As it was before this host forwarded it.
        ttl = skb.ttl + (context.out_device is not None and not skb.local)
        # --set matches always and writes, whether the address was there or not (recent_mt, before its other checks).
        if self.operation == "set":
            new = Remembered(MemoryKind.RECENT, self.name, address, (now,), ttl=ttl)
            memory.put(new if entry is None else stamped(entry, now, ttl))
            return not self.negate
        if entry is None:
            return self.negate
        if self.operation == "remove":
            memory.drop(entry)
            return not self.negate
        oldest = None if self.seconds is None else now - self.seconds
        found = self.negate
        if oldest is None or any(stamp >= oldest for stamp in entry.stamps):
            found = not found
        # --update starts the time anew, but only for what matches: an address that is turned away is not kept alive.
        renews = self.operation == "update" and found
        if self.reap and oldest is not None:
            self._reap(memory, oldest, entry if renews else None)
        if renews:
            memory.put(stamped(entry, now, ttl))
        return found

    def lists(self) -> Iterable[str]:
        return (self.name,)

    def _reap(self, memory: ClientMemory, oldest: float, kept: Remembered | None) -> None:
        """recent_entry_reap: of the whole list the one entry that was written least recently goes, where that is too long
        ago. It is reached only with an address that the list holds."""
        first = memory.oldest(MemoryKind.RECENT, self.name)
        if first is not None and first is not kept and first.last < oldest:
            memory.drop(first)

    def listing(self, numeric: bool, before: Match | None) -> str:
        verb = {"rcheck": "CHECK", "set": "SET", "update": "UPDATE", "remove": "REMOVE"}[self.operation]
        seconds = "" if self.seconds is None else f" seconds: {self.seconds}"
        side = self.side.removeprefix("r")
        return f" {'! ' if self.negate else ''}recent: {verb}{seconds}{' reap' if self.reap else ''} name: {self.name} side: {side} mask: {self.mask}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        seconds = "" if self.seconds is None else f" --seconds {self.seconds}"
        reap = " --reap" if self.reap else ""
        return (
            f" -m recent{negation(self.negate)} --{self.operation}{seconds}{reap}"
            f" --name {self.name} --mask {self.mask} --{self.side}"
        )


def _masked(address: str, mask: str) -> str:
    number = int(ipaddress.ip_address(address)) & int(ipaddress.ip_address(mask))
    return str(ipaddress.IPv6Address(number) if ":" in address else ipaddress.IPv4Address(number))


def _mask(text: str, family: Family) -> str:
    """A mask of the family's width (libxt_recent.c: xtables_numeric_to_ipmask, xtables_numeric_to_ip6addr)."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.version != family.version:
        raise BadRule(f"--mask {text!r} is not a mask of {family}", zh=f"--mask {text!r} 不是 {family} 的掩码")
    return text


def _read(name: str, options: Options, family: Family) -> Matches | None:
    operations = [flag for flag in _OPERATIONS if flag in options]
    if not options.keys() <= _KNOWN or len(operations) != 1:
        return None
    value = {option: text for option, (_, text) in options.items()}
    full = "255.255.255.255" if family is Family.IPV4 else "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    return (
        Recent(
            operations[0][2:],
            value.get("--name") or "DEFAULT",
            number(value["--seconds"]) if "--seconds" in value else None,
            "--reap" in value,
            _mask(value.get("--mask") or full, family),
            "rdest" if "--rdest" in value else "rsource",
            options[operations[0]][0],
        ),
    )


PART = Part(classes=(Recent,), modules={"recent": by_options(_read)})
