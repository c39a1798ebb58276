"""nft `numgen random mod N vmap { 0 : ..., 1 : ... }`: how nftables mode draws an endpoint.

Sources: nft(8); net/netfilter/nft_numgen.c (nft_ng_random_eval), nft_lookup.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from engine.netfilter.context import Context, Decision
from engine.netfilter.nft_names import split_commas
from engine.netfilter.part import BadRule, ModelledTarget, Part
from engine.netfilter.parts.verdict_map import chains, decide
from engine.netfilter.parts.verdicts import read_verdict, verdict_text
from engine.netfilter.ruleset import Table, Target
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class RandomVerdict(ModelledTarget):
    """`numgen random mod N vmap { 0 : ..., 1 : ... }`: one of the N verdicts, each as likely as any other."""

    verdicts: tuple[Target, ...]

    def act(self, context: Context) -> Decision:
        # The map is asked once for the number drawn; reciprocal_scale makes the N numbers alike to within 2^-32.
        context.hash_lookups += 1
        count = len(self.verdicts)
        chosen = 0 if count == 1 else context.choose((Fraction(1, count),) * count)
        return decide(self.verdicts[chosen], context)

    def leads_to(self, table: Table) -> Iterable[str]:
        return chains(self.verdicts, table)

    def nft_text(self, ip: str) -> str:
        verdicts = ", ".join(f"{number} : {verdict_text(verdict)}" for number, verdict in enumerate(self.verdicts))
        return f"numgen random mod {len(self.verdicts)} vmap {{ {verdicts} }}"


def read_random_map(count: str, listed: str) -> list[str]:
    """What the map of `numgen random mod COUNT` holds for 0, 1, ... up to COUNT - 1."""
    values = []
    for number, part in enumerate(split_commas(listed)):
        key, _, value = part.partition(" : ")
        if key != str(number):
            raise BadRule(
                f"a random verdict map counts from 0; found {part!r}", zh=f"随机判决映射从 0 开始计数；却有 {part!r}"
            )
        values.append(value)
    if len(values) != int(count):
        raise BadRule(
            f"numgen mod {count} with {len(values)} verdicts is not modelled",
            zh=f"numgen mod {count} 带 {len(values)} 个判决，未建模",
        )
    return values


def _read_nft(found: re.Match[str], family: Family) -> Target:
    return RandomVerdict(tuple(read_verdict(verdict, family) for verdict in read_random_map(found[1], found[2])))


PART = Part(classes=(RandomVerdict,), nft_targets=((r"numgen random mod ([0-9]+) vmap { (.*) }", _read_nft),))
