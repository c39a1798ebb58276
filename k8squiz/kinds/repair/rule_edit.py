"""One rule put into an iptables-save text: what `iptables -t nat -A CHAIN ...` or `-I CHAIN 2 ...` does to it.

Source: iptables(8), of -t, -A and -I. The kernel's part is the engine's: here text goes in and text comes out.
"""

from __future__ import annotations

import re

from engine.values import dataclass
from k8squiz.kinds.fields import Unreadable
from k8squiz.kinds.repair.option_spelling import as_printed
from k8squiz.locale.typed import plain
from k8squiz.world.rule_lines import RuleLine

_MOST = 600
_WORD = re.compile(r'(?:"[^"]*"|[^\s"]|")+')
_TOOL = re.compile(r"^(?:sudo\s+)?(?:ip6?tables(?:-legacy|-nft)?\s+)?")
_WAIT = re.compile(r"^(?:-w|--wait)(?:\s+\d+)?\s+")
_TABLE = re.compile(r"(?:^|\s)(?:-t|--table)\s+(\w+)(?=\s|$)")
_ADD = re.compile(r"^(?:-A|--append)\s+(\S+)\s+(\S.*)$")
_INSERT = re.compile(r"^(?:-I|--insert)\s+(\S+)(?:\s+(\d{1,4}))?\s+(\S.*)$")


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """A rule's `body` (what follows the chain) and where it goes: before the rule at `position` (from 1), or last."""

    table: str
    chain: str
    body: str
    position: int | None = None

    def __str__(self) -> str:
        if self.position is None:
            return f"-t {self.table} -A {self.chain} {self.body}"
        return f"-t {self.table} -I {self.chain} {self.position} {self.body}"

    def apply(self, text: str) -> str:
        """`text` with the rule in its place. Raises ValueError where the table has no such chain, or too few rules."""
        lines = text.splitlines()
        start = lines.index(f"*{self.table}")
        stop = lines.index("COMMIT", start)
        if not any(line.startswith(f":{self.chain} ") for line in lines[start:stop]):
            raise ValueError(self.chain)
        own = [at for at in range(start, stop) if lines[at].startswith(f"-A {self.chain} ")]
        if self.position is not None and not 1 <= self.position <= len(own) + 1:
            raise ValueError(str(self.position))
        at = stop if self.position is None or self.position == len(own) + 1 else own[self.position - 1]
        return "\n".join([*lines[:at], f"-A {self.chain} {self.body}", *lines[at:], ""])


def read_rule(typed: str, known: tuple[RuleLine, ...]) -> RuleEdit:
    """The edit that `typed` is: `-t nat -A CHAIN ...`, with or without the tool's name before it. `known` are the
    ruleset's lines: without -t the chain's own table is meant, as far as there is just one. Raises Unreadable."""
    text = " ".join(plain(typed).split())
    if len(text) > _MOST:
        raise Unreadable("one rule is much shorter than that", "一条规则没有这么长")
    text = _WAIT.sub("", " ".join(as_printed(_WORD.findall(_TOOL.sub("", text)))))
    named = _TABLE.search(text)
    if named is not None:
        text = " ".join((text[: named.start()] + " " + text[named.end() :]).split())
    added, inserted = _ADD.match(text), _INSERT.match(text)
    if added is not None:
        chain, position, body = added.group(1), None, added.group(2)
    elif inserted is not None:
        chain, position, body = inserted.group(1), int(inserted.group(2) or 1), inserted.group(3)
    else:
        raise Unreadable(
            "type one rule, such as -t nat -A CHAIN -s 10.0.0.1/32 -j TARGET; -I CHAIN 1 puts it first",
            "请输入一条规则，例如 -t nat -A 链名 -s 10.0.0.1/32 -j 目标；-I 链名 1 表示插到最前",
        )
    tables = sorted({line.table for line in known if line.declares and line.chain == chain})
    if named is not None and named.group(1) in tables:
        tables = [named.group(1)]
    elif named is not None or not tables:
        where = f" in table {named.group(1)}" if named is not None else ""
        raise Unreadable(
            f"there is no chain {chain}{where}", f"{'表 ' + named.group(1) + ' 中' if named else ''}没有链 {chain}"
        )
    if len(tables) > 1:
        listed = ", ".join(tables)
        raise Unreadable(f"{chain} stands in {listed}: say which with -t", f"{chain} 在 {listed} 中都有：请用 -t 指明")
    return RuleEdit(tables[0], chain, body, position)


def rules_in(known: tuple[RuleLine, ...], table: str, chain: str) -> list[RuleLine]:
    """The rules of one chain among the lines `known`, in order."""
    return [line for line in known if (line.table, line.chain) == (table, chain) and not line.declares]


def without(text: str, lost: RuleLine) -> str:
    """`text` less the first line that is `lost` in its table."""
    lines = text.splitlines()
    at = lines.index(lost.text, lines.index(f"*{lost.table}"))
    return "\n".join([*lines[:at], *lines[at + 1 :], ""])


def edit_that_restores(lost: RuleLine, known: tuple[RuleLine, ...]) -> RuleEdit:
    """The command that puts `lost` back where it stood among the lines `known`."""
    own = rules_in(known, lost.table, lost.chain)
    body = lost.text.split(" ", 2)[2]
    position = own.index(lost) + 1
    return RuleEdit(lost.table, lost.chain, body, None if position == len(own) else position)
