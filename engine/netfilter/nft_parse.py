"""Reading `nft list ruleset` (with -a too): the inverse of nft_text.py's printing, and what else stands in a real node's.

An inet table is read once for each family. Tables of bridge, arp and netdev see no packet where the walk looks and are
passed over (Listing.skipped). What of a rule is not understood is kept as it stood and refuses only the packet that
reaches it; text that no nft prints is an error.
Sources: nft(8); nftables 1.0.6 src/rule.c, src/statement.c, src/expression.c; net/netfilter/nf_tables_api.c.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from engine.errors import RuleError
from engine.hooks import Hook
from engine.netfilter.index import check_chains
from engine.netfilter.nft_names import (
    NAME,
    TABLE_FAMILY,
    duration_seconds,
    element_order,
    priority_number,
    protocol_names,
    split_commas,
)
from engine.netfilter.nft_sets import Element, NamedSet
from engine.netfilter.part import BadRule, in_own_words
from engine.netfilter.parts.comment import cut_nft_comment
from engine.netfilter.parts.verdicts import read_verdict
from engine.netfilter.registry import REGISTRY
from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table, Target
from engine.packet import Family
from engine.values import dataclass

_FAMILY = {word: family for family, word in TABLE_FAMILY.items()}
_FAMILIES = tuple(_FAMILY.values())
# Families whose hooks a walk does not pass (nf_tables_api.c): frames of a bridge, ARP, a device's own ingress.
_ELSEWHERE = ("bridge", "arp", "netdev")
# iptables-nft's tables, whose rules nft prints through libxtables.
_XTABLES = frozenset({"raw", "mangle", "nat", "filter", "security"})
# What libxt_conntrack.c makes of `! --ctstate RELATED,ESTABLISHED,DNAT` is `ct status dnat`, the contrary (measured with
# iptables 1.8.9): in iptables-nft's tables it says nothing for sure.
_LOSSY = re.compile(r"ct status ")
_BASE = re.compile(
    r"type (\w+) hook (\w+)(?: devices? (?:= )?(?:{[^}]*}|\"[^\"]*\"|[\w.-]+))? priority ([^;]+);(?: policy (accept|drop);)?"
    r"( flags offload;)?"
)
_HANDLE = re.compile(r" # handle [0-9]+$")
_OTHER = {
    Family.IPV4: re.compile(r"(?:ip6|icmpv6|reject with icmpv6|[ds]nat ip6)\b"),
    Family.IPV6: re.compile(r"(?:ip|icmp|arp|reject with icmp|[ds]nat ip)\b"),
}


@dataclass(slots=True)
class Listing:
    """A listing: the rulesets by family, in its order, and the tables passed over ("bridge filter")."""

    rulesets: dict[Family, Ruleset] = dataclasses.field(default_factory=dict)
    skipped: list[str] = dataclasses.field(default_factory=list)


def parse(text: str, family: Family | None = None, whole: bool = False, file: str = "<nft>") -> Ruleset:
    """The ruleset of a listing that holds one family (IPv4 where it holds nothing), or of the named one.

    Raises RuleError with the line for text that nft would not print or that is not modelled; of a `whole` listing also
    for what no kernel holds (nft_chain_validate): chains that lead in a circle or to a chain that is not there.
    """
    found = read_listing(text, whole, file).rulesets
    if family is None and len(found) > 1:
        raise RuleError(
            "the listing holds both ip and ip6 tables; name the family", zh="文本同时含有 ip 和 ip6 的表；请指明地址族"
        )
    wanted = family or next(iter(found), Family.IPV4)
    return found.get(wanted) or Ruleset(Backend.NFTABLES, wanted)


def parse_all(text: str, whole: bool = False) -> dict[Family, Ruleset]:
    """The rulesets of a listing by family, in the order of the listing; `whole` as for parse()."""
    return read_listing(text, whole).rulesets


def read_listing(text: str, whole: bool = False, file: str = "<nft>") -> Listing:
    """The whole listing; `file` names the text in errors, and in what rules say of their place."""
    reader = _NftReader(text, file)
    found = reader.read()
    for ruleset in found.rulesets.values() if whole else ():
        for table in ruleset.tables.values():
            places = {
                (table.name, chain.name, position): place
                for chain in table.chains.values()
                for position, place in enumerate(chain.places)
            }
            check_chains(Ruleset(Backend.NFTABLES, ruleset.family, {table.name: table}), places)
    return found


class _NftReader:
    """The lines of a listing, one after another; `line` is the current one's number for error messages."""

    def __init__(self, text: str, file: str) -> None:
        self.lines = text.split("\n")
        self.file = file
        self.line = 0
        self.family = Family.IPV4
        self.inet = False
        self.xtables = False
        self.lossy = False

    def fail(self, message: str, zh: str) -> RuleError:
        return RuleError(message, self.file, self.line, zh=zh)

    def next(self) -> str | None:
        """The next line that says something, without indentation and handle; None at the end."""
        while self.line < len(self.lines):
            line = _HANDLE.sub("", self.lines[self.line].strip())
            self.line += 1
            if line and not line.startswith("#"):
                return line
        return None

    def block(self) -> Iterator[str]:
        """The lines up to the closing brace."""
        while (line := self.next()) != "}":
            if line is None:
                raise self.fail("a brace is not closed", zh="大括号没有闭合")
            yield line

    def skip(self) -> None:
        """Up to the closing brace, and over all blocks within."""
        for line in self.block():
            if line.endswith("{"):
                self.skip()

    def read(self) -> Listing:
        found = Listing()
        while (line := self.next()) is not None:
            head = re.fullmatch(rf"table (?:(\w+) )?({NAME}) {{", line)
            kind = None if head is None else head[1] or "ip"
            if head is None or kind not in (*_FAMILY, *_ELSEWHERE, "inet"):
                raise self.fail(
                    f"expected a table of family ip or ip6, found {line!r}", zh=f"应为 ip 或 ip6 族的表，却是 {line!r}"
                )
            if kind in _ELSEWHERE:
                found.skipped.append(f"{kind} {head[2]}")
                self.skip()
                continue
            self.inet, self.xtables = kind == "inet", kind != "inet" and head[2] in _XTABLES
            start = self.line
            for family in _FAMILIES if self.inet else (_FAMILY[str(kind)],):
                self.family, self.line = family, start
                ruleset = found.rulesets.setdefault(self.family, Ruleset(Backend.NFTABLES, self.family))
                # Two tables of one name may stand beside each other, one of them inet.
                ruleset.tables[f"inet {head[2]}" if self.inet else head[2]] = self.table(head[2])
        return found

    def table(self, name: str) -> Table:
        sets: dict[str, NamedSet] = {}
        table = Table(name, sets=sets, family="inet" if self.inet else None)
        for line in self.block():
            head = re.fullmatch(rf"(set|map|chain) ({NAME}) {{", line)
            if head is None:
                if re.fullmatch(rf"(?:ct \w+|flowtable|counter|quota|limit|secmark|synproxy|tunnel) {NAME} {{", line):
                    self.skip()
                elif not line.startswith("flags "):
                    table.comment = self.comment(line)
            elif head[1] == "chain":
                table.chains[head[2]] = self.chain(head[2])
            else:
                sets[head[2]] = self.named_set(head[2], head[1] == "map")
        return table

    def comment(self, line: str) -> str:
        found = re.fullmatch(r'comment "([^"]*)"', line)
        if found is None:
            raise self.fail(f"{line!r} is not understood", zh=f"无法理解 {line!r}")
        return found[1]

    def named_set(self, name: str, is_map: bool) -> NamedSet:
        named = NamedSet(name, (), is_map)
        for line in self.block():
            word, _, rest = line.partition(" ")
            try:
                if word in ("type", "typeof"):
                    self.set_type(named, rest, word)
                elif word == "size":
                    named.size = int(rest)
                elif word == "flags":
                    named.flags = tuple(rest.split(","))
                elif word == "timeout":
                    named.timeout = duration_seconds(rest)
                elif word == "elements":
                    self.elements(rest, named)
                elif line not in ("auto-merge", "counter") and word not in ("gc-interval", "policy"):
                    named.comment = self.comment(line)
            except ValueError as error:
                told = in_own_words(error)
                raise self.fail(told.en, told.zh) from error
        named.elements = {protocol_names(key, named.key_types): element for key, element in named.elements.items()}
        try:
            # The type may stand after the elements, or twice.
            for key in named.elements:
                if key != ("*",):
                    element_order(key, named.key_types)
        except (ValueError, IndexError) as error:
            raise self.fail(
                f"set {name}: its elements do not fit its type", zh=f"集合 {name}：元素与其类型不符"
            ) from error
        return named

    def set_type(self, named: NamedSet, text: str, word: str) -> None:
        keys, _, value = text.partition(" : ")
        kinds = tuple(keys.split(" . "))
        if word == "typeof":
            from engine.netfilter.nft_fields import TYPE_OF

            kinds = tuple(TYPE_OF.get(kind, kind) for kind in kinds)
        named.key_types = kinds
        if value not in ("", "verdict"):
            named.verdicts, named.value_type = False, value

    def elements(self, rest: str, named: NamedSet) -> None:
        text = rest.removeprefix("= {")
        while not text.endswith("}"):
            line = self.next()
            if line is None:
                raise self.fail("the elements are not closed", zh="元素列表没有闭合")
            text += " " + line
        for part in split_commas(text.removesuffix("}")):
            found = _ELEMENT.fullmatch(part)
            wanted = named.verdicts or named.value_type is not None
            if found is None or (found[3] is not None) != wanted:
                raise self.fail(f"element {part!r} is not understood", zh=f"无法理解元素 {part!r}")
            key = tuple(piece.strip('"') for piece in found[1].split(" . "))
            if len(key) != len(named.key_types) and key != ("*",):
                raise self.fail(
                    f"element {part!r} does not fit type {' . '.join(named.key_types)}",
                    zh=f"元素 {part!r} 与类型 {' . '.join(named.key_types)} 不符",
                )
            try:
                if key != ("*",):
                    element_order(key, named.key_types)
                verdict = read_verdict(found[3], self.family) if named.verdicts else None
            except BadRule as error:
                raise self.fail(str(error), zh=error.zh) from error
            value = found[3] if named.value_type is not None else None
            named.elements[key] = Element(verdict, found[2], value)

    def chain(self, name: str) -> Chain:
        chain = Chain(name)
        for line in self.block():
            base = _BASE.fullmatch(line)
            if base is not None:
                self.base(chain, base)
            elif line.startswith('comment "') and not chain.rules:
                chain.comment = self.comment(line)
            else:
                chain.places.append((self.file, self.line))
                chain.rules.append(self.rule(line))
        return chain

    def base(self, chain: Chain, found: re.Match[str]) -> None:
        try:
            chain.hook, chain.priority = Hook(found[2].upper()), priority_number(found[3])
        except ValueError as error:
            told = in_own_words(error)
            raise self.fail(told.en, told.zh) from error
        chain.kind, chain.policy = found[1], (found[4] or "accept").upper()

    def rule(self, line: str) -> Rule:
        rest, comment = cut_nft_comment(line)
        # libxtables leaves a blank where a comment was.
        rest = re.sub(r"  +", " ", rest).strip() if '"' not in rest else rest
        matches: list[Match] = []
        # iptables-nft gives each rule a counter.
        self.lossy = self.xtables and "counter packets " in line
        try:
            while rest:
                if self.inet and _OTHER[self.family].match(rest):
                    return Rule((_other_family(line),))
                target = self.statement(rest)
                found = None if target is not None else self.match(rest)
                if found is None:
                    return Rule((*matches, *comment), target or self.unknown(rest))
                matches.append(found[0])
                rest = found[1]
        except BadRule as error:
            raise self.fail(str(error), zh=error.zh) from error
        except (ValueError, KeyError) as error:
            told = in_own_words(error)
            raise self.fail(
                f"rule {line!r} is not understood: {told.en}", f"无法理解规则 {line!r}：{told.zh}"
            ) from error
        return Rule((*matches, *comment))

    def statement(self, text: str) -> Target | None:
        """The statement that ends a rule, where `text` is one from start to end."""
        for pattern, make in REGISTRY.nft_targets:
            found = pattern.fullmatch(text)
            if found is not None:
                return make(found, self.family)
        return None

    def match(self, text: str) -> tuple[Match, str] | None:
        """What `text` begins with, and the text behind it: a match, or a statement that others follow."""
        if self.lossy and _LOSSY.match(text):
            return None
        for pattern, make in REGISTRY.nft_matches:
            found = pattern.match(text)
            if found is not None:
                return make(found, self.family), text[found.end() :].lstrip()
        return _midway(text, self.family)

    def unknown(self, text: str) -> Target:
        """The rest of a rule that nothing reads."""
        from engine.netfilter.parts.statement import rest_of_rule

        rest = rest_of_rule(text)
        if rest is None:
            raise self.fail(f"{text!r} is not understood", zh=f"无法理解 {text!r}")
        return rest


# A key, what an element may carry beside it, and what it maps to.
_ELEMENT = re.compile(
    r'((?:"[^"]*"|[^" ]+)(?: \. (?:"[^"]*"|[^" ]+))*)(?: counter packets [0-9]+ bytes [0-9]+)?(?: timeout \w+)?(?: expires \w+)?'
    r'(?: comment "([^"]*)")?(?: : (.+))?'
)


def _midway(text: str, family: Family) -> tuple[Match, str] | None:
    """A statement with others behind it, and the text behind it."""
    # Most listings are kube-proxy's, which have one at most.
    from engine.netfilter.parts.statement import midway

    for pattern, make in REGISTRY.nft_targets:
        found = pattern.match(text)
        if found is not None and text[found.end() : found.end() + 1] == " ":
            match = midway(make(found, family))
            if match is not None:
                return match, text[found.end() :].lstrip()
    return None


def _other_family(line: str) -> Match:
    from engine.netfilter.parts.statement import of_other_family

    return of_other_family(line)
