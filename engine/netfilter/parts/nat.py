"""`-j DNAT --to-destination`, `-j SNAT --to-source`; nft `dnat to`, `snat to`.

Sources: net/netfilter/xt_nat.c (xt_dnat_target_v2, xt_snat_target_v2), nft_nat.c; iptables 1.8.9 extensions/libxt_NAT.c;
nftables 1.0.6 src/statement.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context, Decision
from engine.netfilter.ipt_words import Options, by_options
from engine.netfilter.part import ModelledTarget, Part
from engine.netfilter.ruleset import Target
from engine.packet import canonical, join_host_port, split_host_port
from engine.values import dataclass


def _to(address: str, port: int | None) -> str:
    return address if port is None else join_host_port(address, port)


@dataclass(frozen=True, slots=True)
class DestinationNat(ModelledTarget):
    """`-j DNAT --to-destination ADDRESS:PORT`; port None keeps the packet's."""

    address: str
    port: int | None = None

    def act(self, context: Context) -> Decision:
        # nf_nat_setup_info answers NF_ACCEPT: the nat chain is over for this connection.
        context.nat_cause = context.record("DNAT", "ACCEPT")
        ports = None if self.port is None else (self.port, self.port)
        context.set_up_nat("DST", self.address, ports, False)
        return Decision(verdict="ACCEPT")

    def iptables_text(self, family: str) -> str:
        return f" -j DNAT --to-destination {_to(self.address, self.port)}"

    def nft_text(self, ip: str) -> str:
        return f"dnat to {_to(self.address, self.port)}"


@dataclass(frozen=True, slots=True)
class SourceNat(ModelledTarget):
    """`-j SNAT --to-source ADDRESS:PORT`, as DestinationNat."""

    address: str
    port: int | None = None
    random_fully: bool = False

    def act(self, context: Context) -> Decision:
        # As DestinationNat's.
        context.nat_cause = context.record("SNAT", "ACCEPT")
        ports = None if self.port is None else (self.port, self.port)
        context.set_up_nat("SRC", self.address, ports, self.random_fully)
        return Decision(verdict="ACCEPT")

    def iptables_text(self, family: str) -> str:
        fully = " --random-fully" if self.random_fully else ""
        return f" -j SNAT --to-source {_to(self.address, self.port)}{fully}"

    def nft_text(self, ip: str) -> str:
        return f"snat to {_to(self.address, self.port)}{' fully-random' if self.random_fully else ''}"


def _options(option: str, options: Options) -> tuple[str, int | None, bool] | None:
    fully = "--random-fully" in options
    if options.keys() - {"--random-fully"} != {option}:
        return None
    text = options[option][1] or ""
    try:
        return canonical(text), None, fully
    except ValueError:
        pass
    try:
        address, port = split_host_port(text)
    except ValueError:
        return None
    return address, port, fully


def _read_destination(name: str, options: Options, family: str) -> Target | None:
    found = _options("--to-destination", options)
    return None if found is None or found[2] else DestinationNat(found[0], found[1])


def _read_source(name: str, options: Options, family: str) -> Target | None:
    found = _options("--to-source", options)
    return None if found is None else SourceNat(*found)


def _read_nft(found: re.Match[str], family: str) -> Target:
    to = found[2]
    address, port = split_host_port(to) if re.search(r"]:\d+$|^[^:]+:\d+$", to) else (canonical(to), None)
    if found[1] == "dnat":
        return DestinationNat(address, port)
    return SourceNat(address, port, found[3] is not None)


PART = Part(
    classes=(DestinationNat, SourceNat),
    jumps={"DNAT": by_options(_read_destination), "SNAT": by_options(_read_source)},
    nft_targets=((r"(dnat|snat) to (\S+)( fully-random)?", _read_nft),),
)
