"""nft `... vmap @NAME`: the verdict that a map holds for the packet's fields.

Sources: nft(8); net/netfilter/nft_lookup.c (nft_lookup_eval with a verdict register).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.errors import RuleError
from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.nft_names import NAME, TABLE_FAMILY
from engine.netfilter.nft_sets import (
    FIELDS,
    LookupField,
    asked,
    element_of,
    fields_text,
    key_of,
    named_set,
    read_fields,
)
from engine.netfilter.part import ModelledTarget, Part
from engine.netfilter.ruleset import Table, Target
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class VerdictMap(ModelledTarget):
    """`... vmap @NAME`: the verdict that the map holds for the packet's fields; without one the walk goes on."""

    fields: tuple[LookupField, ...]
    map: str

    def act(self, context: Context) -> Decision:
        element = element_of(asked(self.map, context), key_of(self.fields, context.skb.flow))
        # NFT_BREAK ends this rule alone (nft_lookup_eval without an element).
        return CONTINUE if element is None else decide(element.verdict, context)

    def leads_to(self, table: Table) -> Iterable[str]:
        return chains((element.verdict for element in named_set(table, self.map).elements.values()), table)

    def nft_text(self, ip: str) -> str:
        return f"{fields_text(self.fields, ip)} vmap @{self.map}"


def decide(verdict: Target | None, context: Context) -> Decision:
    """What a verdict out of a map does."""
    if not isinstance(verdict, ModelledTarget):
        raise RuleError(
            f"table {context.table.name}: a map holds what is no verdict",
            zh=f"表 {context.table.name}：映射中存放的不是判决",
        )
    return verdict.act(context)


def chains(verdicts: Iterable[Target | None], table: Table) -> Iterable[str]:
    """The chains that verdicts lead to."""
    return (name for verdict in verdicts if verdict is not None for name in verdict.leads_to(table))


def _read_nft(found: re.Match[str], family: Family) -> Target:
    return VerdictMap(read_fields(found[1], TABLE_FAMILY[family]), found[2])


PART = Part(classes=(VerdictMap,), nft_targets=((rf"{FIELDS} vmap @({NAME})", _read_nft),))
