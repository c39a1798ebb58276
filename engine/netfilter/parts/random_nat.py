"""nft `dnat ip to numgen random mod N map { 0 : ADDRESS . PORT, ... }`: how nftables mode draws an endpoint since v1.36.

Sources: nft(8); net/netfilter/nft_numgen.c (nft_ng_random_eval), nft_lookup.c, nft_nat.c; nftables 1.0.6
src/statement.c (nat_stmt_print), which leaves out the `addr . port` that may stand behind `dnat ip`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from engine.netfilter.context import Context, Decision
from engine.netfilter.nft_names import TABLE_FAMILY
from engine.netfilter.part import BadRule, ModelledTarget, Part
from engine.netfilter.parts.nat import DestinationNat
from engine.netfilter.parts.random_verdict import read_random_map
from engine.netfilter.ruleset import Target
from engine.packet import Family, canonical
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class RandomDestinationNat(ModelledTarget):
    """DNAT to one of the (address, port), each as likely as any other."""

    endpoints: tuple[tuple[str, int], ...]

    def act(self, context: Context) -> Decision:
        # The map is asked once for the number drawn, as RandomVerdict's; what it holds goes to nft_nat's registers.
        context.hash_lookups += 1
        count = len(self.endpoints)
        chosen = 0 if count == 1 else context.choose((Fraction(1, count),) * count)
        return DestinationNat(*self.endpoints[chosen]).act(context)

    def destinations(self) -> Iterable[tuple[str, int | None]]:
        return self.endpoints

    def nft_text(self, ip: str) -> str:
        listed = ", ".join(f"{number} : {address} . {port}" for number, (address, port) in enumerate(self.endpoints))
        return f"dnat {ip} to numgen random mod {len(self.endpoints)} map {{ {listed} }}"


def _read_nft(found: re.Match[str], family: Family) -> Target:
    if found[1] != TABLE_FAMILY[family]:
        raise BadRule(f"{found[0]!r} is of the other address family", zh=f"{found[0]!r} 属于另一个地址族")
    endpoints = []
    for value in read_random_map(found[2], found[3]):
        address, dot, port = value.partition(" . ")
        if not dot or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise BadRule(f"{value!r} is no ADDRESS . PORT", zh=f"{value!r} 不是“地址 . 端口”")
        endpoints.append((canonical(address), int(port)))
    return RandomDestinationNat(tuple(endpoints))


PART = Part(
    classes=(RandomDestinationNat,),
    nft_targets=((r"dnat (ip6?) to numgen random mod ([0-9]+) map { (.*) }", _read_nft),),
)
