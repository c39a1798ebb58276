"""`-m connmark --mark VALUE/MASK`, `-j CONNMARK`; nft `ct mark`, `ct mark set`, `meta mark set ct mark`: the mark that a
connection carries, both ways and for as long as conntrack knows it.

Sources: net/netfilter/xt_connmark.c (connmark_mt, connmark_tg_shift), nft_ct.c (nft_ct_get_eval, nft_ct_set_eval);
iptables 1.8.9 extensions/libxt_connmark.c, libxt_CONNMARK.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.ipt_words import ALL_BITS, Options, by_options, negation, number
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import Matches, ModelledMatch, ModelledTarget, Part
from engine.netfilter.parts.mark import OPERATION, change_listing, nft_change, read_change, value_mask
from engine.netfilter.ruleset import Match, Target
from engine.netfilter.skb import MarkEvent, TargetAction
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionMark(ModelledMatch):
    """`-m connmark --mark VALUE/MASK`."""

    value: int
    mask: int = ALL_BITS
    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool:
        # Without a connection (UNTRACKED, INVALID) it does not match, turned round or not.
        connection = context.skb.connection
        return connection is not None and (connection.mark & self.mask == self.value) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        mask = "" if self.mask == ALL_BITS else f"/{self.mask:#x}"
        return f" connmark match {'!' if self.negate else ''} {self.value:#x}{mask}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        mask = "" if self.mask == ALL_BITS else f"/{self.mask:#x}"
        return f" -m connmark{negation(self.negate)} --mark {self.value:#x}{mask}"

    def nft_text(self, ip: str) -> str:
        if self.mask == ALL_BITS:
            return f"ct mark {not_equal(self.negate)}{self.value:#010x}"
        return f"ct mark & {self.mask:#010x} {'!=' if self.negate else '=='} {self.value:#010x}"


@dataclass(frozen=True, slots=True)
class SetConnectionMark(ModelledTarget):
    """`-j CONNMARK --set-xmark VALUE/MASK`: mark = (mark & ~MASK) ^ VALUE. Not terminal."""

    value: int
    mask: int = ALL_BITS

    goes_on = True

    def act(self, context: Context) -> Decision:
        connection = context.skb.connection
        if connection is not None:
            context.record(TargetAction.CONNMARK)
            connection.mark = (connection.mark & ~self.mask & ALL_BITS) ^ self.value
        return CONTINUE

    def listing(self, numeric: bool) -> str:
        return f" CONNMARK {change_listing(self.value, self.mask)}"

    def iptables_text(self, family: Family) -> str:
        return f" -j CONNMARK --set-xmark {self.value:#x}/{self.mask:#x}"

    def nft_text(self, ip: str) -> str:
        if self.mask == ALL_BITS:
            return f"ct mark set {self.value:#010x}"
        if self.mask == 0:
            return f"ct mark set ct mark ^ {self.value:#010x}"
        if self.mask == self.value:
            return f"ct mark set ct mark | {self.value:#010x}"
        if self.value == 0:
            return f"ct mark set ct mark & {self.mask ^ ALL_BITS:#010x}"
        return f"ct mark set ct mark & {self.mask ^ ALL_BITS:#010x} ^ {self.value:#010x}"


@dataclass(frozen=True, slots=True)
class SaveConnectionMark(ModelledTarget):
    """`-j CONNMARK --save-mark`: the connection's mark takes the packet's bits."""

    packet_mask: int = ALL_BITS
    connection_mask: int = ALL_BITS

    goes_on = True

    def act(self, context: Context) -> Decision:
        skb = context.skb
        if skb.connection is not None:
            context.record(TargetAction.CONNMARK)
            kept = skb.connection.mark & ~self.connection_mask & ALL_BITS
            skb.connection.mark = kept ^ (skb.mark & self.packet_mask)
        return CONTINUE

    def listing(self, numeric: bool) -> str:
        return f" CONNMARK save{_masks(self.packet_mask, self.connection_mask)}"

    def iptables_text(self, family: Family) -> str:
        return f" -j CONNMARK --save-mark --nfmask {self.packet_mask:#x} --ctmask {self.connection_mask:#x}"

    def nft_text(self, ip: str) -> str:
        if self.connection_mask != ALL_BITS:
            return Target.nft_text(self, ip)
        return "ct mark set meta mark" + _masked(self.packet_mask)


@dataclass(frozen=True, slots=True)
class RestoreConnectionMark(ModelledTarget):
    """`-j CONNMARK --restore-mark`: the packet's mark takes the connection's bits."""

    packet_mask: int = ALL_BITS
    connection_mask: int = ALL_BITS

    goes_on = True

    def act(self, context: Context) -> Decision:
        skb = context.skb
        if skb.connection is not None:
            cause, before = context.record(TargetAction.CONNMARK), skb.mark
            kept = before & ~self.packet_mask & ALL_BITS
            skb.mark = kept ^ (skb.connection.mark & self.connection_mask)
            if skb.mark != before:
                context.events.append(MarkEvent(cause, before, skb.mark))
        return CONTINUE

    def listing(self, numeric: bool) -> str:
        return f" CONNMARK restore{_masks(self.packet_mask, self.connection_mask)}"

    def iptables_text(self, family: Family) -> str:
        return f" -j CONNMARK --restore-mark --nfmask {self.packet_mask:#x} --ctmask {self.connection_mask:#x}"

    def nft_text(self, ip: str) -> str:
        if self.packet_mask != ALL_BITS:
            return Target.nft_text(self, ip)
        return "meta mark set ct mark" + _masked(self.connection_mask)


def _masked(mask: int) -> str:
    return "" if mask == ALL_BITS else f" & {mask:#010x}"


def _masks(packet: int, connection: int) -> str:
    """libxt_CONNMARK.c print_mask: nothing where both are all bits, one where they are the same."""
    if packet == connection:
        return "" if packet == ALL_BITS else f" mask {packet:#x}"
    return f" nfmask {packet:#x} ctmask {connection:#x}"


def _read_match(name: str, options: Options, family: Family) -> Matches | None:
    if options.keys() != {"--mark"}:
        return None
    negate, text = options["--mark"]
    return (ConnectionMark(*value_mask(text), negate),)


def _read_target(name: str, options: Options, family: Family) -> Target | None:
    for option, kind in (("--save-mark", SaveConnectionMark), ("--restore-mark", RestoreConnectionMark)):
        if option in options:
            if not options.keys() <= {option, "--mask", "--nfmask", "--ctmask"}:
                return None
            both = options.get("--mask", (False, None))[1]
            masks = (options.get(mask, (False, both))[1] for mask in ("--nfmask", "--ctmask"))
            return kind(*(ALL_BITS if mask is None else number(mask) for mask in masks))
    change = read_change(options)
    return None if change is None else SetConnectionMark(*change)


_HEX = r"(0x[0-9a-f]{1,8})"


def _bits(text: str | None) -> int:
    return ALL_BITS if text is None else int(text, 16)


def _read_nft_match(found: re.Match[str], family: Family) -> Match:
    if found[1] is not None:
        return ConnectionMark(int(found[3], 16), int(found[1], 16), found[2] == "!=")
    return ConnectionMark(int(found[5], 16), ALL_BITS, found[4] is not None)


def _read_nft_change(found: re.Match[str], family: Family) -> Target:
    return SetConnectionMark(*nft_change(found))


PART = Part(
    classes=(ConnectionMark, SetConnectionMark, SaveConnectionMark, RestoreConnectionMark),
    modules={"connmark": by_options(_read_match)},
    jumps={"CONNMARK": by_options(_read_target)},
    nft_matches=((rf"ct mark (?:(?:&|and) {_HEX} (==|!=) {_HEX}|(!= )?{_HEX})(?= |$)", _read_nft_match),),
    nft_targets=(
        (rf"ct mark set ct mark {OPERATION}", _read_nft_change),
        (rf"ct mark set {_HEX}", lambda found, family: SetConnectionMark(int(found[1], 16))),
        (
            rf"ct mark set (?:meta )?mark(?: (?:&|and) {_HEX})?",
            lambda found, family: SaveConnectionMark(_bits(found[1])),
        ),
        (
            rf"meta mark set ct mark(?: (?:&|and) {_HEX})?",
            lambda found, family: RestoreConnectionMark(ALL_BITS, _bits(found[1])),
        ),
    ),
)
