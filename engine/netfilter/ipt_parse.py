"""Any iptables-save or ip6tables-save text, of kube-proxy or of a real node, read into a Ruleset.

What is not modelled is kept word for word (OpaqueMatch, OpaqueTarget), so that printing gives the text back and only
a packet that depends on it is refused. What the kernel would refuse is an error with its line.
Sources: iptables-restore(8), iptables 1.8.9 iptables/iptables-restore.c, net/ipv4/netfilter/ip_tables.c
(mark_source_chains).
"""

from __future__ import annotations

import re

from engine.errors import RuleError
from engine.hooks import IPTABLES_PRIORITY, Hook
from engine.netfilter.ipt_words import Option, options, split, unquote
from engine.netfilter.part import BadRule, in_own_words
from engine.netfilter.parts.opaque import OpaqueMatch, opaque_target
from engine.netfilter.parts.ports import L4Module
from engine.netfilter.parts.protocol import MODULE_NUMBERED
from engine.netfilter.parts.verdicts import Goto, Jump
from engine.netfilter.registry import REGISTRY
from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table, Target
from engine.packet import Family

_COUNTERS = re.compile(r"\[[0-9]+:[0-9]+\]\s+")
_CHAIN_LINE = re.compile(r":(\S+)\s+(ACCEPT|DROP|-)(?:\s+\[[0-9]+:[0-9]+\])?\s*")


def parse(text: str, family: Family = Family.IPV4, file: str = "<text>") -> Ruleset:
    """The ruleset that `text` describes; `file` names the text in errors.

    Counters and # lines are ignored. Raises RuleError with file and line for what does not parse, for a jump to a
    chain that does not exist, and for chains that lead in a circle.
    """
    reader = _SaveReader(Ruleset(Backend.IPTABLES, family), file)
    number = 0
    try:
        for number, line in enumerate(text.split("\n"), 1):
            reader.read(line.strip(), number)
        if reader.table is not None:
            raise BadRule(
                f"table {reader.table.name} is not closed by COMMIT; is the text cut off?",
                zh=f"表 {reader.table.name} 没有以 COMMIT 结束；文本是否被截断？",
            )
        for name, leads in reader.leads.items():
            _check(reader.ruleset.tables[name], leads)
    except BadRule as error:
        raise RuleError(str(error), file, error.line or number, zh=error.zh) from None
    except ValueError as error:
        told = in_own_words(error)
        raise RuleError(told.en, file, number, zh=told.zh) from None
    return reader.ruleset


def parse_rule(line: str, chains: frozenset[str] = frozenset(), family: Family = Family.IPV4) -> tuple[str, Rule]:
    """One `-A CHAIN ...` line, options in any order: the chain and the rule. `chains` are those that -j may name.

    Raises RuleError without a place.
    """
    try:
        words = split(line)
        if len(words) < 2 or words[0] not in ("-A", "--append"):
            raise BadRule("a rule begins with -A CHAIN", zh="规则以 -A 链名 开头")
        rule, leads_to = _rule(words[2:], family)
        if leads_to is not None and leads_to not in chains:
            raise BadRule(_no_chain(leads_to), zh=f"跳转到不存在的链 {leads_to!r}")
        return words[1], rule
    except (BadRule, ValueError) as error:
        told = in_own_words(error)
        raise RuleError(told.en, zh=told.zh) from None


class _SaveReader:
    """Line by line. `leads` are each table's jumps: chain -> [(chain, line)]."""

    def __init__(self, ruleset: Ruleset, file: str) -> None:
        self.ruleset = ruleset
        self.file = file
        self.table: Table | None = None
        self.leads: dict[str, dict[str, list[tuple[str, int]]]] = {}

    def read(self, line: str, number: int) -> None:
        if not line or line.startswith("#"):
            return
        if line.startswith("*"):
            self._open(line[1:].strip())
            return
        table = self.table
        if table is None:
            raise BadRule(
                f"{_short(line)} stands outside a table; a table begins with *NAME",
                zh=f"{_short(line)} 不在任何表内；表以 *名称 开头",
            )
        if line == "COMMIT":
            self.table = None
        elif line.startswith(":"):
            _chain(table, line)
        else:
            self._append(table, line, number)

    def _open(self, name: str) -> None:
        if self.table is not None:
            raise BadRule(
                f"table {self.table.name} is not closed by COMMIT", zh=f"表 {self.table.name} 没有以 COMMIT 结束"
            )
        if name in self.ruleset.tables:
            raise BadRule(f"table {name!r} stands twice", zh=f"表 {name!r} 出现了两次")
        self.table = self.ruleset.tables[name] = Table(name)
        self.leads[name] = {}

    def _append(self, table: Table, line: str, number: int) -> None:
        counters = _COUNTERS.match(line)
        words = split(line[counters.end() :] if counters else line)
        if len(words) < 2 or words[0] not in ("-A", "--append"):
            raise BadRule(
                f"{_short(line)} is no line of iptables-save; a rule begins with -A CHAIN",
                zh=f"{_short(line)} 不是 iptables-save 的行；规则以 -A 链名 开头",
            )
        chain = table.chains.get(words[1])
        if chain is None:
            raise BadRule(
                f"a rule is added to chain {words[1]!r}, which table {table.name} does not declare",
                zh=f"规则要加入链 {words[1]!r}，而表 {table.name} 没有声明它",
            )
        rule, leads_to = _rule(words[2:], self.ruleset.family)
        chain.rules.append(rule)
        chain.places.append((self.file, number))
        if leads_to is not None:
            self.leads[table.name].setdefault(chain.name, []).append((leads_to, number))


def _short(line: str) -> str:
    return repr(line if len(line) <= 60 else line[:57] + "...")


def _no_chain(name: str) -> str:
    return f"{name!r} is neither a chain of this table nor a known target"


def _chain(table: Table, line: str) -> None:
    found = _CHAIN_LINE.fullmatch(line)
    if found is None:
        raise BadRule(
            f"{_short(line)} is no chain line; one reads :NAME ACCEPT, :NAME DROP or :NAME -",
            zh=f"{_short(line)} 不是链的声明；应写成 :名称 ACCEPT、:名称 DROP 或 :名称 -",
        )
    name, policy = found.groups()
    if name in table.chains:
        raise BadRule(
            f"chain {name!r} of table {table.name} stands twice", zh=f"表 {table.name} 的链 {name!r} 出现了两次"
        )
    if policy == "-":
        table.chains[name] = Chain(name)
        return
    hook = Hook(name) if name in Hook.__members__ else None
    priority = None if hook is None else IPTABLES_PRIORITY.get((table.name, hook))
    table.chains[name] = Chain(name, [], hook, priority, policy, table.name)


def _rule(words: list[str], family: Family) -> tuple[Rule, str | None]:
    """The rule, and the chain it may lead to."""
    header: dict[str, tuple[Match, ...]] = {}
    matches: list[Match] = []
    target: Target | None = None
    leads_to: str | None = None
    module = ""
    for option in options(words):
        if option.name in ("-j", "-g"):
            if target is not None:
                raise BadRule("a rule has one -j or -g only", zh="一条规则只能有一个 -j 或 -g")
            target, leads_to = _target(option, family)
        elif option.name == "-m":
            matches.extend(_module(unquote(option.values[0]), option.rest, family))
        elif option.name == "":
            if not module:
                raise BadRule(
                    f"{option.rest[0]!r} needs a -m or a -p before it", zh=f"{option.rest[0]!r} 之前需要 -m 或 -p"
                )
            found = _module(module, option.rest, family)
            if matches and isinstance(matches[-1], L4Module):
                # `-m tcp -p tcp --dport 80` loads the module once.
                matches.pop()
            matches.extend(found)
        elif option.name != "-c":
            header[option.name] = _header(option, family)
            if option.name == "-p":
                module = MODULE_NUMBERED.get(option.values[0], option.values[0].lower())
    ordered = [part for name in ("-s", "-d", "-i", "-o", "-p", "-f") for part in header.get(name, ())]
    return Rule((*ordered, *matches), target), leads_to


def _header(option: Option, family: Family) -> tuple[Match, ...]:
    read = REGISTRY.header.get(option.name)
    found = None
    if read is not None:
        found = read(unquote(option.values[0]), option.negate, family)
    return (
        found if found is not None else (OpaqueMatch(" ".join(["!"] * option.negate + [option.name, *option.values])),)
    )


def _module(name: str, rest: list[str], family: Family) -> tuple[Match, ...]:
    read = REGISTRY.modules.get(name)
    found = None if read is None else read(name, rest, family)
    return found if found is not None else (OpaqueMatch(" ".join(["-m", name, *rest])),)


def _target(option: Option, family: Family) -> tuple[Target, str | None]:
    name = unquote(option.values[0])
    if option.name == "-g":
        return Goto(name), name
    read = REGISTRY.jumps.get(name)
    target = None if read is None else read(name, option.rest, family)
    if target is not None:
        return target, None
    # A name that is no extension's can only be a chain, and a chain takes no options.
    if read is None and not option.rest:
        return Jump(name), name
    return opaque_target(name, option.rest, family), None


def _check(table: Table, leads: dict[str, list[tuple[str, int]]]) -> None:
    """Refuse jumps to nowhere and circles, depth first."""
    for jumps in leads.values():
        for name, number in jumps:
            if name not in table.chains:
                raise BadRule(_no_chain(name), number, zh=f"跳转到不存在的链 {name!r}")
    done: set[str] = set()
    for start, first in leads.items():
        trail: dict[str, None] = {start: None}
        pending = [iter(() if start in done else first)]
        while pending:
            step = next(pending[-1], None)
            if step is None:
                pending.pop()
                done.add(trail.popitem()[0])
                continue
            name, number = step
            if name in trail:
                names = list(trail)
                circle = " -> ".join([*names[names.index(name) :], name])
                raise BadRule(
                    f"table {table.name}: chains lead in a circle: {circle}; the kernel refuses this",
                    number,
                    zh=f"表 {table.name}：链之间形成环：{circle}；内核会拒绝",
                )
            if name not in done:
                trail[name] = None
                pending.append(iter(leads.get(name, ())))
