"""`-j DNAT --to-destination`, `-j SNAT --to-source`; nft `dnat to`, `snat to`.

Sources: net/netfilter/xt_nat.c (xt_dnat_target_v2, xt_snat_target_v2), nft_nat.c; iptables 1.8.9 extensions/libxt_NAT.c;
nftables 1.0.6 src/statement.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.hooks import Hook
from engine.netfilter.context import ACCEPTED, Context, Decision
from engine.netfilter.ipt_words import Options, by_options
from engine.netfilter.part import BadRule, ModelledTarget, Part
from engine.netfilter.ruleset import Target
from engine.netfilter.skb import Manip, NetfilterVerdict, TargetAction
from engine.packet import Family, canonical, join_host_port
from engine.values import dataclass, pattern


def _to(address: str, port: int | None, last: int | None) -> str:
    end = "" if last is None else f"-{last}"
    return address if port is None else join_host_port(address, port) + end


def _range(port: int | None, last: int | None) -> tuple[int, int] | None:
    return None if port is None else (port, port if last is None else last)


@dataclass(frozen=True, slots=True)
class DestinationNat(ModelledTarget):
    """`-j DNAT --to-destination ADDRESS:PORT`; port None keeps the packet's, and no address ("") the packet's address.
    `last_port` ends a range."""

    address: str
    port: int | None = None
    last_port: int | None = None
    random: bool = False

    usable_from = frozenset({Hook.PREROUTING, Hook.OUTPUT})
    usable_in = "nat"

    def destinations(self) -> Iterable[tuple[str, int | None]]:
        return ((self.address, self.port),)

    def act(self, context: Context) -> Decision:
        # nf_nat_setup_info answers NF_ACCEPT: the nat chain is over for this connection.
        context.nat_cause = context.record(TargetAction.DNAT, NetfilterVerdict.ACCEPT)
        context.set_up_nat(Manip.DST, self.address or None, _range(self.port, self.last_port), self.random)
        return ACCEPTED

    def listing(self, numeric: bool) -> str:
        return f" to:{_to(self.address, self.port, self.last_port)}{' random' if self.random else ''}"

    def iptables_text(self, family: Family) -> str:
        to = _to(self.address, self.port, self.last_port)
        return f" -j DNAT --to-destination {to}{' --random' if self.random else ''}"

    def nft_text(self, ip: str) -> str:
        return f"dnat to {_to(self.address, self.port, self.last_port)}{' random' if self.random else ''}"


@dataclass(frozen=True, slots=True)
class SourceNat(ModelledTarget):
    """`-j SNAT --to-source ADDRESS:PORT`, as DestinationNat."""

    address: str
    port: int | None = None
    random_fully: bool = False
    last_port: int | None = None
    random: bool = False

    usable_from = frozenset({Hook.POSTROUTING, Hook.INPUT})
    usable_in = "nat"

    def act(self, context: Context) -> Decision:
        # As DestinationNat's.
        context.nat_cause = context.record(TargetAction.SNAT, NetfilterVerdict.ACCEPT)
        drawn = self.random_fully or self.random
        context.set_up_nat(Manip.SRC, self.address or None, _range(self.port, self.last_port), drawn)
        return ACCEPTED

    def listing(self, numeric: bool) -> str:
        drawn = f"{' random' if self.random else ''}{' random-fully' if self.random_fully else ''}"
        return f" to:{_to(self.address, self.port, self.last_port)}{drawn}"

    def iptables_text(self, family: Family) -> str:
        drawn = f"{' --random' if self.random else ''}{' --random-fully' if self.random_fully else ''}"
        return f" -j SNAT --to-source {_to(self.address, self.port, self.last_port)}{drawn}"

    def nft_text(self, ip: str) -> str:
        drawn = [word for word, on in (("random", self.random), ("fully-random", self.random_fully)) if on]
        return f"snat to {_to(self.address, self.port, self.last_port)}{' ' + ','.join(drawn) if drawn else ''}"


_PORTS = pattern(r"(.*):([0-9]+)(?:-([0-9]+))?")


def _address_ports(text: str) -> tuple[str, int | None, int | None] | None:
    """`10.0.0.1`, `10.0.0.1:80`, `[fd00::1]:80-90`, `:80`; None for a range of addresses, out of which a hash of the
    connection's would choose one (nf_nat_core.c find_best_ips_proto)."""
    try:
        return canonical(text), None, None
    except ValueError:
        pass
    found = _PORTS.fullmatch(text)
    if found is None:
        return None
    try:
        address = canonical(found[1].strip("[]")) if found[1] else ""
    except ValueError:
        return None
    first, last = int(found[2]), int(found[3] or found[2])
    if not first <= last <= 65535:
        raise BadRule(f"{text!r}: a port lies between 0 and 65535", zh=f"{text!r}：端口须在 0 与 65535 之间")
    return address, first, None if last == first else last


def _options(option: str, options: Options) -> tuple[str, int | None, int | None] | None:
    # --persistent chooses among several addresses alone (NF_NAT_RANGE_PERSISTENT).
    if options.keys() - {"--random-fully", "--random", "--persistent"} != {option} or "--persistent" in options:
        return None
    return _address_ports(options[option][1] or "")


def _read_destination(name: str, options: Options, family: Family) -> Target | None:
    found = _options("--to-destination", options)
    if found is None or "--random-fully" in options:
        return None
    return DestinationNat(*found, "--random" in options)


def _read_source(name: str, options: Options, family: Family) -> Target | None:
    found = _options("--to-source", options)
    if found is None:
        return None
    return SourceNat(found[0], found[1], "--random-fully" in options, found[2], "--random" in options)


def _read_nft(found: re.Match[str], family: Family) -> Target:
    to = _address_ports(found[3])
    drawn = (found[4] or "").split(",")
    if to is None:
        raise ValueError(f"{found[3]!r} is no address with or without a port")
    if found[1] == "dnat":
        return DestinationNat(*to, "random" in drawn)
    return SourceNat(to[0], to[1], "fully-random" in drawn, to[2], "random" in drawn)


PART = Part(
    classes=(DestinationNat, SourceNat),
    jumps={"DNAT": by_options(_read_destination), "SNAT": by_options(_read_source)},
    nft_targets=((r"(dnat|snat)( ip6?)? to (?!numgen )([^ {@]+)(?: ((?:random|fully-random|,)+))?", _read_nft),),
)
