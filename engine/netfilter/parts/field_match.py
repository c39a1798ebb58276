"""nft `FIELD [. FIELD]... [!=] VALUE | { VALUE, ... } | @NAME` and the same with `vmap`: what has no part of its own.

Sources: nft(8); net/netfilter/nft_cmp.c, nft_range.c, nft_lookup.c (nft_lookup_eval).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.errors import RuleError
from engine.netfilter import nft_fields
from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.nft_names import NAME, not_equal, split_commas
from engine.netfilter.nft_sets import NamedSet, asked, element_for, named_set
from engine.netfilter.part import BadRule, ModelledMatch, ModelledTarget, Part
from engine.netfilter.parts.addresses import check_family
from engine.netfilter.parts.verdict_map import chains, decide
from engine.netfilter.parts.verdicts import read_verdict, verdict_text
from engine.netfilter.ruleset import Match, Table, Target
from engine.packet import Family
from engine.values import dataclass

Keys = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class FieldMatch(ModelledMatch):
    """Whether the packet's fields are one of `keys`: one key is a value, several an anonymous set."""

    fields: tuple[str, ...]
    keys: Keys
    negate: bool = False

    pure = True

    def devices(self) -> Iterable[str]:
        kinds = nft_fields.types(self.fields)
        return (part for key in self.keys for part, kind in zip(key, kinds, strict=True) if kind == "ifname")

    def holds(self, context: Context) -> bool | None:
        found = nft_fields.values(self.fields, context)
        # A packet without the field breaks the rule off, whether it is asked for equal or unequal (NFT_BREAK).
        if None in found:
            return False
        if nft_fields.UNKNOWN in found:
            return None
        kinds = nft_fields.types(self.fields)
        return any(nft_fields.fits(key, kinds, found) for key in self.keys) != self.negate

    def nft_text(self, ip: str) -> str:
        kinds = nft_fields.types(self.fields)
        keys = [nft_fields.key_text(key, kinds) for key in self.keys]
        value = keys[0] if len(keys) == 1 and len(self.fields) == 1 else f"{{ {', '.join(keys)} }}"
        return f"{' . '.join(self.fields)} {not_equal(self.negate)}{value}"


@dataclass(frozen=True, slots=True)
class FieldLookup(ModelledMatch):
    """Whether a named set holds the packet's fields."""

    fields: tuple[str, ...]
    set: str
    negate: bool = False

    def holds(self, context: Context) -> bool:
        found = nft_fields.values(self.fields, context)
        if None in found:
            return False
        return (element_for(_asked(self.set, self.fields, context), found) is not None) != self.negate

    def nft_text(self, ip: str) -> str:
        return f"{' . '.join(self.fields)} {not_equal(self.negate)}@{self.set}"


@dataclass(frozen=True, slots=True)
class FieldVerdicts(ModelledTarget):
    """`FIELDS vmap { KEY : VERDICT, ... }`: the verdict for the packet's fields; without one the walk goes on."""

    fields: tuple[str, ...]
    verdicts: tuple[tuple[tuple[str, ...], Target], ...]

    def act(self, context: Context) -> Decision:
        found = nft_fields.values(self.fields, context)
        kinds = nft_fields.types(self.fields)
        fitting = (verdict for key, verdict in self.verdicts if nft_fields.fits(key, kinds, found))
        verdict = next(fitting, None)
        return CONTINUE if verdict is None else decide(verdict, context)

    def leads_to(self, table: Table) -> Iterable[str]:
        return chains((verdict for _, verdict in self.verdicts), table)

    def nft_text(self, ip: str) -> str:
        kinds = nft_fields.types(self.fields)
        pairs = (f"{nft_fields.key_text(key, kinds)} : {verdict_text(verdict)}" for key, verdict in self.verdicts)
        return f"{' . '.join(self.fields)} vmap {{ {', '.join(pairs)} }}"


@dataclass(frozen=True, slots=True)
class FieldVerdictMap(ModelledTarget):
    """`FIELDS vmap @NAME`, as FieldVerdicts with a named map."""

    fields: tuple[str, ...]
    map: str

    def act(self, context: Context) -> Decision:
        element = element_for(_asked(self.map, self.fields, context), nft_fields.values(self.fields, context))
        return CONTINUE if element is None else decide(element.verdict, context)

    def leads_to(self, table: Table) -> Iterable[str]:
        return chains((element.verdict for element in named_set(table, self.map).elements.values()), table)

    def nft_text(self, ip: str) -> str:
        return f"{' . '.join(self.fields)} vmap @{self.map}"


def _asked(name: str, fields: tuple[str, ...], context: Context) -> NamedSet:
    """The set or map of a look-up by those fields; raises RuleError where its keys are of other types (nft's own word for
    it: nftables 1.0.6, src/evaluate.c, expr_evaluate_relational and expr_evaluate_map)."""
    found = asked(name, context)
    kinds = nft_fields.types(fields)
    if found.key_types != kinds:
        told = f"({' . '.join(kinds)}) != ({' . '.join(found.key_types)})"
        raise RuleError(
            f"{' . '.join(fields)} @{name}: datatype mismatch, {told}; the kernel refuses this ruleset",
            zh=f"{' . '.join(fields)} @{name}：类型不一致，{told}；内核会拒绝这份规则",
        )
    return found


def _fields(found: re.Match[str], family: Family) -> tuple[str, ...]:
    fields = nft_fields.names(found[1])
    for field in fields:
        if field.startswith(("ip ", "ip6 ")):
            check_family(found, field.partition(" ")[0], family)
    return fields


def _key(text: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    key = nft_fields.split_key(text)
    kinds = nft_fields.types(fields)
    if key != ("*",):
        if len(key) != len(kinds):
            raise BadRule(f"{text!r} does not fit {' . '.join(fields)}", zh=f"{text!r} 与 {' . '.join(fields)} 不符")
        for part, kind in zip(key, kinds, strict=True):
            if kind != "ifname":
                nft_fields.bounds(part, kind)
    return key


def _read_match(found: re.Match[str], family: Family) -> Match:
    fields, negate = _fields(found, family), found[2] is not None
    if found[3] is not None:
        return FieldLookup(fields, found[3], negate)
    listed = split_commas(found[4].removeprefix("{").removesuffix("}"))
    return FieldMatch(fields, tuple(_key(text, fields) for text in listed), negate)


def _read_vmap(found: re.Match[str], family: Family) -> Target:
    fields = _fields(found, family)
    if found[2] is not None:
        return FieldVerdictMap(fields, found[2])
    verdicts = []
    for text in split_commas(found[3]):
        key, colon, verdict = text.rpartition(" : ")
        if not colon:
            raise BadRule(f"{text!r} has no verdict", zh=f"{text!r} 没有判决")
        verdicts.append((_key(key, fields), read_verdict(verdict, family)))
    return FieldVerdicts(fields, tuple(verdicts))


_VALUE = r'"[^"]*"|(?!(?:set|vmap|and|or|xor) )[0-9a-zA-Z][\w.:/*-]*'

PART = Part(
    general=True,
    classes=(FieldMatch, FieldLookup, FieldVerdicts, FieldVerdictMap),
    nft_matches=((rf"{nft_fields.NAMES} (!= )?(?:@({NAME})|({{[^{{}}]*}}|{_VALUE}))(?= |$)", _read_match),),
    nft_targets=((rf"{nft_fields.NAMES} vmap (?:@({NAME})|{{ (.*) }})", _read_vmap),),
)
