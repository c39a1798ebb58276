"""Reading `nft list ruleset`: the inverse of nft_text.py's printing, and an error for anything it would not print."""

from __future__ import annotations

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
    split_commas,
)
from engine.netfilter.nft_sets import Element, NamedSet
from engine.netfilter.part import BadRule
from engine.netfilter.parts.comment import cut_nft_comment
from engine.netfilter.parts.verdicts import read_verdict
from engine.netfilter.registry import REGISTRY
from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table, Target

_FAMILY = {word: family for family, word in TABLE_FAMILY.items()}


def parse(text: str, family: str | None = None, whole: bool = False) -> Ruleset:
    """The ruleset of a listing that holds one family ("ipv4" where it holds nothing), or of the named one.

    Raises RuleError with the line for text that nft would not print or that is not modelled; of a `whole` listing also
    for what no kernel holds (nft_chain_validate): chains that lead in a circle or to a chain that is not there.
    """
    found = parse_all(text, whole)
    if family is None and len(found) > 1:
        raise RuleError(
            "the listing holds both ip and ip6 tables; name the family", zh="文本同时含有 ip 和 ip6 的表；请指明地址族"
        )
    wanted = family or next(iter(found), "ipv4")
    return found.get(wanted) or Ruleset(Backend.NFTABLES, wanted)


def parse_all(text: str, whole: bool = False) -> dict[str, Ruleset]:
    """The rulesets of a listing by family, in the order of the listing; `whole` as for parse()."""
    reader = _NftReader(text)
    found = reader.read()
    for (family, name), places in reader.places.items() if whole else ():
        table = found[family].tables[name]
        check_chains(Ruleset(Backend.NFTABLES, family, {name: table}), places)
    return found


class _NftReader:
    """The lines of a listing, one after another; `line` is the current one's number for error messages."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.line = 0
        self.family = "ipv4"
        self.places: dict[tuple[str, str], dict[tuple[str, str, int], tuple[str, int]]] = {}

    def fail(self, message: str, zh: str) -> RuleError:
        return RuleError(message, "<nft>", self.line, zh=zh)

    def next(self) -> str | None:
        """The next line that is not empty, without indentation; None at the end."""
        while self.line < len(self.lines):
            line = self.lines[self.line].strip()
            self.line += 1
            if line:
                return line
        return None

    def block(self) -> Iterator[str]:
        """The lines up to the closing brace."""
        while (line := self.next()) != "}":
            if line is None:
                raise self.fail("a brace is not closed", zh="大括号没有闭合")
            yield line

    def read(self) -> dict[str, Ruleset]:
        found: dict[str, Ruleset] = {}
        while (line := self.next()) is not None:
            head = re.fullmatch(rf"table (\w+) ({NAME}) {{", line)
            if head is None or head[1] not in _FAMILY:
                raise self.fail(
                    f"expected a table of family ip or ip6, found {line!r}", zh=f"应为 ip 或 ip6 族的表，却是 {line!r}"
                )
            self.family = _FAMILY[head[1]]
            ruleset = found.setdefault(self.family, Ruleset(Backend.NFTABLES, self.family))
            ruleset.tables[head[2]] = self.table(head[2])
        return found

    def table(self, name: str) -> Table:
        sets: dict[str, NamedSet] = {}
        table = Table(name, sets=sets)
        for line in self.block():
            head = re.fullmatch(rf"(set|map|chain) ({NAME}) {{", line)
            if head is None:
                table.comment = self.comment(line)
            elif head[1] == "chain":
                table.chains[head[2]] = self.chain(name, head[2])
            else:
                sets[head[2]] = self.named_set(head[2], head[1] == "map")
        return table

    def comment(self, line: str) -> str:
        found = re.fullmatch(r'comment "([^"]*)"', line)
        if found is None:
            raise self.fail(f"{line!r} is not understood", zh=f"无法理解 {line!r}")
        return found[1]

    def named_set(self, name: str, verdicts: bool) -> NamedSet:
        named = NamedSet(name, (), verdicts)
        for line in self.block():
            word, _, rest = line.partition(" ")
            try:
                if word == "type":
                    named.key_types = tuple(rest.removesuffix(" : verdict").split(" . "))
                elif word == "size":
                    named.size = int(rest)
                elif word == "flags":
                    named.flags = tuple(rest.split(","))
                elif word == "timeout":
                    named.timeout = duration_seconds(rest)
                elif word == "elements":
                    self.elements(rest, named)
                else:
                    named.comment = self.comment(line)
            except ValueError as error:
                raise self.fail(str(error), zh=f"无法理解：{error}") from error
        try:
            # The type may stand after the elements, or twice.
            for key in named.elements:
                element_order(key, named.key_types)
        except (ValueError, IndexError) as error:
            raise self.fail(
                f"set {name}: its elements do not fit its type", zh=f"集合 {name}：元素与其类型不符"
            ) from error
        return named

    def elements(self, rest: str, named: NamedSet) -> None:
        text = rest.removeprefix("= {")
        while not text.endswith("}"):
            line = self.next()
            if line is None:
                raise self.fail("the elements are not closed", zh="元素列表没有闭合")
            text += " " + line
        for part in split_commas(text.removesuffix("}")):
            found = re.fullmatch(r'([^" ]+(?: \. [^" ]+)*)(?: comment "([^"]*)")?(?: : (.+))?', part)
            if found is None or (found[3] is not None) != named.verdicts:
                raise self.fail(f"element {part!r} is not understood", zh=f"无法理解元素 {part!r}")
            key = tuple(found[1].split(" . "))
            if len(key) != len(named.key_types):
                raise self.fail(
                    f"element {part!r} does not fit type {' . '.join(named.key_types)}",
                    zh=f"元素 {part!r} 与类型 {' . '.join(named.key_types)} 不符",
                )
            element_order(key, named.key_types)
            try:
                verdict = None if found[3] is None else read_verdict(found[3], self.family)
            except BadRule as error:
                raise self.fail(str(error), zh=error.zh) from error
            named.elements[key] = Element(verdict, found[2])

    def chain(self, table: str, name: str) -> Chain:
        chain = Chain(name)
        for line in self.block():
            base = re.fullmatch(r"type (\w+) hook (\w+) priority ([^;]+); policy (accept|drop);", line)
            if base is not None:
                self.base(chain, base)
            elif line.startswith('comment "') and not chain.rules:
                chain.comment = self.comment(line)
            else:
                places = self.places.setdefault((self.family, table), {})
                places[table, name, len(chain.rules)] = ("<nft>", self.line)
                chain.rules.append(self.rule(line))
        return chain

    def base(self, chain: Chain, found: re.Match[str]) -> None:
        try:
            chain.hook, chain.priority = Hook(found[2].upper()), priority_number(found[3])
        except ValueError as error:
            raise self.fail(str(error), zh=f"无法理解：{error}") from error
        chain.kind, chain.policy = found[1], found[4].upper()

    def rule(self, line: str) -> Rule:
        rest, comment = cut_nft_comment(line)
        matches: list[Match] = []
        try:
            while rest:
                target = self.statement(rest)
                if target is not None:
                    return Rule((*matches, *comment), target)
                match, rest = self.match(rest)
                matches.append(match)
        except BadRule as error:
            raise self.fail(str(error), zh=error.zh) from error
        except (ValueError, KeyError) as error:
            raise self.fail(
                f"rule {line!r} is not understood: {error}", zh=f"无法理解规则 {line!r}：{error}"
            ) from error
        return Rule((*matches, *comment))

    def statement(self, text: str) -> Target | None:
        """The statement that ends a rule, where `text` is one from start to end."""
        for pattern, make in REGISTRY.nft_targets:
            found = pattern.fullmatch(text)
            if found is not None:
                return make(found, self.family)
        return None

    def match(self, text: str) -> tuple[Match, str]:
        for pattern, make in REGISTRY.nft_matches:
            found = pattern.match(text)
            if found is not None:
                return make(found, self.family), text[found.end() :].lstrip()
        raise self.fail(f"{text!r} is not understood", zh=f"无法理解 {text!r}")
