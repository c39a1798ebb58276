"""Reading `nft list ruleset`: the inverse of nft_text.py's printing, and an error for anything it would not print."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from engine.errors import EngineError, RuleError
from engine.hooks import Hook
from engine.netfilter import nft
from engine.netfilter import rules as r
from engine.netfilter.nft_names import (
    CT_STATES,
    PROTOCOL_NAME,
    TABLE_FAMILY,
    duration_seconds,
    element_order,
    priority_number,
    reject_type,
)
from engine.packet import canonical, split_host_port

_FAMILY = {word: family for family, word in TABLE_FAMILY.items()}
_PROTOCOL = {name: protocol for protocol, name in PROTOCOL_NAME.items()}
_NAME = r"[A-Za-z0-9_./-]+"
_ALL_BITS = 0xFFFFFFFF


def parse(text: str, family: str | None = None) -> r.Ruleset:
    """The ruleset of a listing that holds one family ("ipv4" where it holds nothing), or of the named one.

    Raises RuleError with the line for text that nft would not print or that is not modelled.
    """
    found = parse_all(text)
    if family is None and len(found) > 1:
        raise RuleError(
            "the listing holds both ip and ip6 tables; name the family", zh="文本同时含有 ip 和 ip6 的表；请指明地址族"
        )
    wanted = family or next(iter(found), "ipv4")
    return found.get(wanted) or r.Ruleset(r.Backend.NFTABLES, wanted)


def parse_all(text: str) -> dict[str, r.Ruleset]:
    """The rulesets of a listing by family, in the order of the listing."""
    return _NftReader(text).read()


class _NftReader:
    """The lines of a listing, one after another; `line` is the current one's number for error messages."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.line = 0
        self.family = "ipv4"

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

    def read(self) -> dict[str, r.Ruleset]:
        found: dict[str, r.Ruleset] = {}
        while (line := self.next()) is not None:
            head = re.fullmatch(rf"table (\w+) ({_NAME}) {{", line)
            if head is None or head[1] not in _FAMILY:
                raise self.fail(
                    f"expected a table of family ip or ip6, found {line!r}", zh=f"应为 ip 或 ip6 族的表，却是 {line!r}"
                )
            self.family = _FAMILY[head[1]]
            ruleset = found.setdefault(self.family, r.Ruleset(r.Backend.NFTABLES, self.family))
            ruleset.tables[head[2]] = self.table(head[2])
        return found

    def table(self, name: str) -> r.Table:
        sets: dict[str, nft.NamedSet] = {}
        table = r.Table(name, sets=sets)
        for line in self.block():
            head = re.fullmatch(rf"(set|map|chain) ({_NAME}) {{", line)
            if head is None:
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

    def named_set(self, name: str, verdicts: bool) -> nft.NamedSet:
        named = nft.NamedSet(name, (), verdicts)
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
        return named

    def elements(self, rest: str, named: nft.NamedSet) -> None:
        text = rest.removeprefix("= {")
        while not text.endswith("}"):
            line = self.next()
            if line is None:
                raise self.fail("the elements are not closed", zh="元素列表没有闭合")
            text += " " + line
        for part in _split_commas(text.removesuffix("}")):
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
            verdict = None if found[3] is None else self.verdict(found[3])
            named.elements[key] = nft.Element(verdict, found[2])

    def verdict(self, text: str) -> r.Target:
        found = re.fullmatch(rf"(?:(jump|goto) ({_NAME})|(accept|drop|return))", text)
        if found is None:
            raise self.fail(f"verdict {text!r} is not understood", zh=f"无法理解判决 {text!r}")
        if found[1] is not None:
            return r.Jump(found[2]) if found[1] == "jump" else r.Goto(found[2])
        return {"accept": r.Accept(), "drop": r.Drop(), "return": r.Return()}[found[3]]

    def chain(self, name: str) -> r.Chain:
        chain = r.Chain(name)
        for line in self.block():
            base = re.fullmatch(r"type (\w+) hook (\w+) priority ([^;]+); policy (accept|drop);", line)
            if base is not None:
                self.base(chain, base)
            elif line.startswith('comment "') and not chain.rules:
                chain.comment = self.comment(line)
            else:
                chain.rules.append(self.rule(line))
        return chain

    def base(self, chain: r.Chain, found: re.Match[str]) -> None:
        try:
            chain.hook, chain.priority = Hook(found[2].upper()), priority_number(found[3])
        except ValueError as error:
            raise self.fail(str(error), zh=f"无法理解：{error}") from error
        chain.kind, chain.policy = found[1], found[4].upper()

    def rule(self, line: str) -> r.Rule:
        rest = line
        comment: tuple[r.Match, ...] = ()
        said = re.search(r' comment "([^"]*)"$', rest)
        if said is not None:
            rest, comment = rest[: said.start()], (r.Comment(said[1]),)
        matches: list[r.Match] = []
        try:
            while rest:
                target = self.statement(rest)
                if target is not None:
                    return r.Rule((*matches, *comment), target)
                match, rest = self.match(rest)
                matches.append(match)
        except EngineError:
            raise
        except (ValueError, KeyError) as error:
            raise self.fail(
                f"rule {line!r} is not understood: {error}", zh=f"无法理解规则 {line!r}：{error}"
            ) from error
        return r.Rule((*matches, *comment))

    def statement(self, text: str) -> r.Target | None:
        """The statement that ends a rule, where `text` is one from start to end."""
        for pattern, make in _STATEMENTS:
            found = pattern.fullmatch(text)
            if found is not None:
                return make(self, found)
        return None

    def match(self, text: str) -> tuple[r.Match, str]:
        for pattern, make in _MATCHES:
            found = pattern.match(text)
            if found is not None:
                return make(self, found), text[found.end() :].lstrip()
        raise self.fail(f"{text!r} is not understood", zh=f"无法理解 {text!r}")

    def fields(self, text: str) -> tuple[nft.LookupField, ...]:
        ip = TABLE_FAMILY[self.family]
        known = {
            f"{ip} saddr": nft.LookupField.SADDR,
            f"{ip} daddr": nft.LookupField.DADDR,
            "meta l4proto": nft.LookupField.L4PROTO,
            "th dport": nft.LookupField.DPORT,
        }
        return tuple(known[part] for part in text.split(" . "))

    def address(self, found: re.Match[str]) -> r.Match:
        if found[1] != TABLE_FAMILY[self.family]:
            raise self.fail(f"{found[0]!r} is of the other address family", zh=f"{found[0]!r} 属于另一个地址族")
        negate, side = found[3] is not None, "src" if found[2] == "saddr" else "dst"
        if found[4].startswith("{"):
            intervals = tuple(found[4].strip("{ }").split(", "))
            for interval in intervals:
                nft.interval_bounds(interval)
            return nft.AddressSet(side, intervals, negate)
        net = str(ipaddress.ip_network(found[4]))
        return r.Source(net, negate) if side == "src" else r.Destination(net, negate)

    def port(self, found: re.Match[str]) -> r.Match:
        low, high = int(found[4]), int(found[5] or found[4])
        if not low <= high <= 65535:
            raise self.fail(
                f"{found[0]!r}: a port lies between 0 and 65535", zh=f"{found[0]!r}：端口须在 0 与 65535 之间"
            )
        kind = r.DestinationPort if found[2] == "dport" else r.SourcePort
        return kind(_PROTOCOL[found[1]], low, high, found[3] is not None)

    def ct_state(self, found: re.Match[str]) -> r.Match:
        states = found[2].split(",")
        if not set(states) <= set(CT_STATES):
            raise self.fail(f"{found[0]!r}: unknown state", zh=f"{found[0]!r}：未知的状态")
        return r.ConntrackState(tuple(state.upper() for state in states), found[1] is not None)

    def nat(self, found: re.Match[str]) -> r.Target:
        to = found[2]
        address, port = split_host_port(to) if re.search(r"]:\d+$|^[^:]+:\d+$", to) else (canonical(to), None)
        if found[1] == "dnat":
            return r.DestinationNat(address, port)
        return r.SourceNat(address, port, found[3] is not None)

    def random(self, found: re.Match[str]) -> r.Target:
        verdicts = []
        for number, part in enumerate(_split_commas(found[2])):
            key, _, verdict = part.partition(" : ")
            if key != str(number):
                raise self.fail(
                    f"a random verdict map counts from 0; found {part!r}",
                    zh=f"随机判决映射从 0 开始计数；却有 {part!r}",
                )
            verdicts.append(self.verdict(verdict))
        if len(verdicts) != int(found[1]):
            raise self.fail(
                f"numgen mod {found[1]} with {len(verdicts)} verdicts is not modelled",
                zh=f"numgen mod {found[1]} 带 {len(verdicts)} 个判决，未建模",
            )
        return nft.RandomVerdict(tuple(verdicts))


def _split_commas(text: str) -> list[str]:
    """The parts between commas that stand outside quotes."""
    return [part.strip() for part in re.findall(r'(?:[^,"]|"[^"]*")+', text) if part.strip()]


def _device(found: re.Match[str]) -> r.Match:
    kind = r.InInterface if found[1] == "iifname" else r.OutInterface
    return kind(found[3], found[2] is not None)


def _set_mark(operator: str, value: int) -> r.Target:
    if operator == "^":
        return r.SetMark(value, 0)
    return r.SetMark(value, value) if operator == "|" else r.SetMark(0, value ^ _ALL_BITS)


_FIELDS = r"((?:ip6? [sd]addr|meta l4proto|th dport)(?: \. (?:ip6? [sd]addr|meta l4proto|th dport))*)"
_HEX = r"(0x[0-9a-f]{8})"

_MATCHES: list[tuple[re.Pattern[str], Callable[[_NftReader, re.Match[str]], r.Match]]] = [
    (
        re.compile(rf"{_FIELDS} (!= )?@({_NAME})"),
        lambda reader, m: nft.SetLookup(reader.fields(m[1]), m[3], m[2] is not None),
    ),
    (re.compile(r"(ip6?) ([sd]addr) (!= )?({[^}]*}|\S+)"), lambda reader, m: reader.address(m)),
    (re.compile(r'(iifname|oifname) (!= )?"([^"]+)"'), lambda reader, m: _device(m)),
    (re.compile(r'iif (!= )?"([^"]+)"'), lambda reader, m: nft.InInterfaceIndex(m[2], m[1] is not None)),
    (
        re.compile(r"meta l4proto (!= )?(tcp|udp|sctp|icmp)\b"),
        lambda reader, m: r.Protocol(_PROTOCOL[m[2]], m[1] is not None),
    ),
    (re.compile(r"(tcp|udp|sctp) ([sd]port) (!= )?(\d+)(?:-(\d+))?"), lambda reader, m: reader.port(m)),
    (
        re.compile(rf"meta mark & {_HEX} (==|!=) {_HEX}"),
        lambda reader, m: r.MarkMatch(int(m[3], 16), int(m[1], 16), m[2] == "!="),
    ),
    (
        re.compile(rf"meta mark (!= )?{_HEX}(?:/([1-9]|[12]\d|3[01])\b)?"),
        lambda reader, m: r.MarkMatch(
            int(m[2], 16), _ALL_BITS ^ (_ALL_BITS >> int(m[3])) if m[3] else _ALL_BITS, m[1] is not None
        ),
    ),
    (re.compile(r"ct state (!= )?([a-z,]+)"), lambda reader, m: reader.ct_state(m)),
    (
        re.compile(r"fib ([sd])addr type (!= )?([a-z]+)"),
        lambda reader, m: r.AddressType("src" if m[1] == "s" else "dst", m[3].upper(), m[2] is not None),
    ),
]

_STATEMENTS: list[tuple[re.Pattern[str], Callable[[_NftReader, re.Match[str]], r.Target]]] = [
    (re.compile(rf"(?:jump|goto) {_NAME}|accept|drop|return"), lambda reader, m: reader.verdict(m[0])),
    (re.compile(r"reject.*"), lambda reader, m: r.Reject(reject_type(m[0], reader.family))),
    (re.compile(r"masquerade( fully-random)?"), lambda reader, m: r.Masquerade(m[1] is not None)),
    (re.compile(r"(dnat|snat) to (\S+)( fully-random)?"), lambda reader, m: reader.nat(m)),
    (
        re.compile(rf"meta mark set meta mark ([&|^]) {_HEX}"),
        lambda reader, m: _set_mark(m[1], int(m[2], 16)),
    ),
    (re.compile(rf"meta mark set {_HEX}"), lambda reader, m: r.SetMark(int(m[1], 16), _ALL_BITS)),
    (re.compile(rf"{_FIELDS} vmap @({_NAME})"), lambda reader, m: nft.VerdictMap(reader.fields(m[1]), m[2])),
    (re.compile(r"numgen random mod (\d+) vmap { (.*) }"), lambda reader, m: reader.random(m)),
    (
        re.compile(rf"update @({_NAME}) {{ {_FIELDS} }}"),
        lambda reader, m: nft.SetUpdate(m[1], reader.fields(m[2])),
    ),
]
