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


def _read_nft(found: re.Match[str], family: str) -> Target:
    verdicts = []
    for number, part in enumerate(split_commas(found[2])):
        key, _, verdict = part.partition(" : ")
        if key != str(number):
            raise BadRule(
                f"a random verdict map counts from 0; found {part!r}", zh=f"随机判决映射从 0 开始计数；却有 {part!r}"
            )
        verdicts.append(read_verdict(verdict, family))
    if len(verdicts) != int(found[1]):
        raise BadRule(
            f"numgen mod {found[1]} with {len(verdicts)} verdicts is not modelled",
            zh=f"numgen mod {found[1]} 带 {len(verdicts)} 个判决，未建模",
        )
    return RandomVerdict(tuple(verdicts))


PART = Part(classes=(RandomVerdict,), nft_targets=((r"numgen random mod (\d+) vmap { (.*) }", _read_nft),))
