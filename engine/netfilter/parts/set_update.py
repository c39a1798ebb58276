"""nft `update @NAME { ip saddr }`: packets write a dynamic set; session affinity in nftables mode.

Sources: nft(8); net/netfilter/nft_dynset.c (nft_dynset_eval).
"""

from __future__ import annotations

import re

from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.nft_names import NAME, TABLE_FAMILY, memory_name
from engine.netfilter.nft_sets import FIELDS, LookupField, fields_text, key_of, named_set, read_fields
from engine.netfilter.part import ModelledTarget, Part
from engine.netfilter.ruleset import Target
from engine.netfilter.skb import TargetAction
from engine.packet import Family, family_of
from engine.trace import MemoryKind, Remembered
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class SetUpdate(ModelledTarget):
    """`update @NAME { ip saddr }`: puts the fields into a dynamic set, or starts their timeout anew. Not terminal."""

    set: str
    fields: tuple[LookupField, ...]

    goes_on = True

    def act(self, context: Context) -> Decision:
        timeout = named_set(context.table, self.set).timeout
        context.record(TargetAction.UPDATE)
        flow = context.skb.flow
        name, key = memory_name(context.table, self.set, family_of(flow.src)), " . ".join(key_of(self.fields, flow))
        # update, unlike add, sets the time of an element that is there already anew (nft_dynset_eval).
        context.memory.put(Remembered(MemoryKind.SET, name, key, (context.now,), timeout=timeout))
        return CONTINUE

    def nft_text(self, ip: str) -> str:
        return f"update @{self.set} {{ {fields_text(self.fields, ip)} }}"


def _read_nft(found: re.Match[str], family: Family) -> Target:
    return SetUpdate(found[1], read_fields(found[2], TABLE_FAMILY[family]))


PART = Part(classes=(SetUpdate,), nft_targets=((rf"update @({NAME}) {{ {FIELDS} }}", _read_nft),))
