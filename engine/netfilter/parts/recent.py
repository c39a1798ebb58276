"""`-m recent`: lists of addresses that packets write and read; session affinity in iptables mode.

Sources: net/netfilter/xt_recent.c (recent_mt); iptables 1.8.9 extensions/libxt_recent.c.
"""

from __future__ import annotations

import ipaddress

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation, number
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
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
        """recent_mt, without hit counts and time to live. --reap only frees entries too old to match."""
        entries = context.recent.setdefault(self.name, {})
        flow = context.skb.flow
        address = _masked(flow.dst if self.side == "rdest" else flow.src, self.mask)
        stamps = entries.get(address)
        found = self.negate
        # --set matches always and writes, whether the address was there or not (recent_mt, before its other checks).
        if self.operation == "set":
            entries.setdefault(address, []).append(context.now)
            return not found
        if stamps is None:
            return found
        if self.operation == "remove":
            del entries[address]
            return not found
        oldest = None if self.seconds is None else context.now - self.seconds
        if oldest is None or any(stamp >= oldest for stamp in stamps):
            found = not found
        # --update starts the time anew, but only for what matches: an address that is turned away is not kept alive.
        if self.operation == "update" and found:
            entries.setdefault(address, []).append(context.now)
        return found

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
