"""A trace as a table: one row a step, both directions, then the verdict, conntrack and the cost.

What a step rewrites carries », with or without colour. Returns renderables; prints nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import ConntrackView, Direction, HeaderChange, Hop, Outcome, Text, Verdict, Where
from k8squiz.kinds.chains import short
from k8squiz.locale.i18n import Lang, pick
from k8squiz.screens.prose import Prose
from k8squiz.terminal.width import width_of

# From this width on, chain and packet stand in columns of their own; below, under one another.
WIDE = 116
_CHAIN_COLUMN = 30
_GOOD, _BAD, _REWRITTEN = "delivered", "stopped", "rewritten"

_WORDS = {
    "asked": Text("{protocol} {from} → {to}, {mode} mode", "{protocol} {from} → {to}，{mode} 模式"),
    "first": Text(", first met by {node}", "，首先到达 {node}"),
    "way": Text("Way {n} of {total}, probability {chance}", "第 {n}/{total} 条可能路径，概率 {chance}"),
    "drawn": Text(
        "Drawn by the seed; probability {chance} (--all shows every way)",
        "由种子选取；概率 {chance}（--all 显示所有可能路径）",
    ),
    "request": Text("Request", "请求"),
    "reply": Text("Reply", "响应"),
    "device": Text("device", "设备"),
    "stage": Text("stage", "阶段"),
    "chain": Text("chain", "链"),
    "packet": Text("src → dst", "源 → 目的"),
    "mark": Text("mark", "标记"),
    "legend": Text("» rewritten at this step", "» 在这一步被改写"),
    "seen": Text("the server sees {address}", "服务端看到的对端：{address}"),
    "at": Text("at {place}", "位置：{place}"),
    "stalls": Text("the client's next packet then dies", "但客户端的下一个包会丢失"),
    "stalls back": Text("what the server then sends dies", "但服务器随后发送的数据会丢失"),
    "cost": Text(
        "Cost of the first packet: {rules} rules evaluated, {hashes} hash look-ups",
        "首包开销：逐条匹配 {rules} 条规则，{hashes} 次哈希查找",
    ),
    "later": Text("; of a later one: {rules} and {hashes}", "；后续包：{rules} 条，{hashes} 次"),
    "probability": Text("probability", "概率"),
    "verdict": Text("verdict", "结果"),
    "destination": Text("destination", "目的地址"),
    "source-seen": Text("source seen", "看到的源地址"),
    "masqueraded": Text("masqueraded", "SNAT"),
    "yes": Text("yes", "是"),
    "no": Text("no", "否"),
}


def say(key: str, lang: Lang, **values: object) -> str:
    """One of this screen's sentences, filled in."""
    return pick(_WORDS[key], lang).format(**values)


def trace_view(
    asked: Mapping[str, Any], outcomes: Sequence[Outcome], lang: Lang, width: int, notes: bool = False
) -> RenderableType:
    """The whole trace. `asked` is engine.walk.jsonform's request object, `width` the columns there are."""
    parts: list[RenderableType] = [Prose(asked_line(asked, lang), style="strong")]
    if len(outcomes) > 1:
        parts += [Styled(""), ways_table(outcomes, lang)]
    for number, outcome in enumerate(outcomes, 1):
        chance = str(outcome.probability)
        if len(outcomes) > 1:
            title = say("way", lang, n=number, total=len(outcomes), chance=chance)
            parts += [Styled(""), Styled(f"━━ {title}", style="strong")]
        elif outcome.probability != 1:
            parts.append(Styled(say("drawn", lang, chance=chance), style="quiet"))
        parts.append(outcome_view(outcome, lang, width, notes))
    return Group(*parts)


def asked_line(asked: Mapping[str, Any], lang: Lang) -> str:
    """What was asked, in a line: protocol, both ends, mode, the node that meets the packet first."""
    head = say("asked", lang, **asked)
    return head + say("first", lang, node=asked["node"]) if asked["node"] else head


def ways_table(outcomes: Sequence[Outcome], lang: Lang) -> RenderableType:
    """One line for each way the packet can go."""
    table = Table(padding=(0, 1))
    for key in ("probability", "verdict", "destination", "source-seen", "masqueraded"):
        table.add_column(say(key, lang), overflow="fold")
    for outcome in outcomes:
        table.add_row(
            str(outcome.probability),
            Styled(outcome.verdict.value, style=_style(outcome)),
            outcome.destination,
            outcome.source_seen or "-",
            say("yes" if outcome.masqueraded else "no", lang),
        )
    return table


def outcome_view(outcome: Outcome, lang: Lang, width: int, notes: bool = False) -> RenderableType:
    """One outcome: there, back, and how it ended."""
    parts: list[RenderableType] = []
    for key, hops in (("request", outcome.hops), ("reply", outcome.reply)):
        if hops:
            parts += [Styled(""), Styled(say(key, lang), style="strong")]
            parts.append(hops_table(hops, lang, width, notes))
    if any(_addresses(hop.changes) for hop in (*outcome.hops, *outcome.reply)):
        parts.append(Styled(say("legend", lang), style="quiet"))
    parts += [Styled(""), *_ending(outcome, lang), *_conntrack(outcome.conntrack), _cost(outcome, lang)]
    return Group(*parts)


def hops_table(hops: Sequence[Hop], lang: Lang, width: int, notes: bool = False) -> RenderableType:
    """The steps, under a line for each host they are on; the columns stand still from host to host."""
    # Sentences and rules want the room that the columns would take.
    table = _Columns(hops, lang, wide=width >= WIDE and not notes)
    parts: list[RenderableType] = [table.header()]
    before: Hop | None = None
    for host, steps in itertools.groupby(hops, key=lambda hop: hop.host):
        parts.append(Styled(host, style="strong", overflow="fold"))
        rows = table.empty()
        for hop in steps:
            told = Group(*_told(hop, before, table.wide, lang, notes))
            chain: list[RenderableType] = [Styled(_narrow_chain(hop), style="quiet")] if table.wide else []
            mark: list[RenderableType] = [_mark(hop)] if table.wide else []
            rows.add_row(str(hop.n), hop.device, hop.stage.value, *chain, told, *mark)
            before = hop
        parts.append(rows)
    return Group(*parts)


class _Columns:
    """Tables of one shape: as wide as the widest cell of all hops, whichever of them a table holds."""

    def __init__(self, hops: Sequence[Hop], lang: Lang, wide: bool) -> None:
        self.wide = wide
        self.names = ["#", say("device", lang), say("stage", lang), say("packet", lang)]
        widest = [3, max(len(hop.device) for hop in hops), max(len(hop.stage.value) for hop in hops)]
        self.widths: list[int | None] = [*widest, None]
        if wide:
            self.names[3:] = [say("chain", lang), say("packet", lang), say("mark", lang)]
            chains = max(len(_narrow_chain(hop)) for hop in hops)
            packets = max(width_of(_packet(hop).plain) for hop in hops)
            self.widths[3:] = [min(chains, _CHAIN_COLUMN), min(packets, 46), 8]
        self.widths[:3] = [max(w or 0, width_of(name)) for w, name in zip(self.widths, self.names[:3], strict=False)]

    def empty(self) -> Table:
        table = Table.grid(padding=(0, 1, 0, 0))
        for position, width in enumerate(self.widths):
            style = "stage" if position == 2 else ""
            table.add_column(width=width, justify="right" if position == 0 else "left", style=style, overflow="fold")
        return table

    def header(self) -> Table:
        table = self.empty()
        table.add_row(*(Styled(name, style="quiet") for name in self.names))
        return table


def _told(hop: Hop, before: Hop | None, wide: bool, lang: Lang, notes: bool) -> Iterator[RenderableType]:
    """The lines of a step's main cell."""
    if not wide and hop.chain is not None:
        line = Styled(_chain(hop), style="quiet", overflow="fold")
        if _mark(hop):
            line.append(" mark ").append(_mark(hop))
        yield line
    same = before is not None and (before.src, before.dst, before.host) == (hop.src, hop.dst, hop.host)
    if wide or not same or hop.chain is None:
        yield _packet(hop)
    if hop.encapsulation is not None and (before is None or before.encapsulation != hop.encapsulation):
        yield Styled(_encapsulation(hop), style="tunnel", overflow="fold")
    if notes:
        yield Prose(pick(hop.note, lang), style="caption")
        if hop.rule:
            yield Styled(hop.rule, style="rule", overflow="fold")


def _chain(hop: Hop) -> str:
    """Table and chain; nftables mode has one table, which is not worth naming each time."""
    table = "" if hop.table == "kube-proxy" else hop.table or ""
    return f"{table} {hop.chain or ''}".strip()


def _narrow_chain(hop: Hop) -> str:
    """The chain as its column has room for."""
    full = _chain(hop)
    return full if len(full) <= _CHAIN_COLUMN else short(full)


def _mark(hop: Hop) -> Styled:
    changed = any(change.field == "mark" for change in hop.changes)
    return Styled(f"{'»' if changed else ''}{hop.mark:#x}" if hop.mark or changed else "", style="packet.mark")


def _addresses(changes: Sequence[HeaderChange]) -> set[str]:
    return {change.field for change in changes} & {"src", "dst"}


def _packet(hop: Hop) -> Styled:
    changed = _addresses(hop.changes)
    line = Styled(overflow="fold")
    for field, value in (("src", hop.src), ("dst", hop.dst)):
        if field == "dst":
            line.append(" → ", style="quiet")
        line.append(f"»{value}" if field in changed else value, style=_REWRITTEN if field in changed else "")
    return line


def _encapsulation(hop: Hop) -> str:
    outer = hop.encapsulation
    if outer is None:
        return ""
    text = f"[{outer.kind.upper()} {outer.src} → {outer.dst}"
    if outer.dport is not None:
        text += f" UDP {outer.dport}"
    if outer.vni is not None:
        text += f" VNI {outer.vni}"
    return f"{text} +{outer.overhead} B]"


def _style(outcome: Outcome) -> str:
    return _GOOD if outcome.verdict is Verdict.DELIVERED else _BAD


def _ending(outcome: Outcome, lang: Lang) -> Iterator[RenderableType]:
    line = f"= {outcome.verdict.value} {outcome.destination}"
    if outcome.source_seen is not None:
        line += f" · {say('seen', lang, address=outcome.source_seen)}"
    yield Prose(line, style=_style(outcome))
    if outcome.where is not None:
        yield from _where(outcome.where, lang)
    if outcome.stalls is not None:
        yield Padding(
            Prose(say("stalls back" if outcome.stalls.direction is Direction.REPLY else "stalls", lang), style=_BAD),
            (0, 0, 0, 2),
        )
        yield from _where(outcome.stalls, lang)


def _where(where: Where, lang: Lang) -> Iterator[RenderableType]:
    place = " ".join(word for word in (where.host, where.hook, where.table, where.chain) if word)
    yield Padding(Prose(f"{say('at', lang, place=place)}\n{pick(where.reason, lang)}"), (0, 0, 0, 2))
    if where.rule:
        yield Padding(Styled(where.rule, style="quiet", overflow="fold"), (0, 0, 0, 2))


def _conntrack(entries: Sequence[ConntrackView]) -> Iterator[RenderableType]:
    if not entries:
        return
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False, show_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for entry in entries:
        state = entry.state if entry.replied else f"{entry.state} [UNREPLIED]".strip()
        told = Styled(f"{entry.original.protocol} {state}\n", overflow="fold")
        told.append(f"{entry.original.source} → {entry.original.destination}\n")
        told.append(f"{entry.reply.source} → {entry.reply.destination}", style="quiet")
        table.add_row(f"conntrack {entry.host}", told)
    yield table


def _cost(outcome: Outcome, lang: Lang) -> RenderableType:
    first, later = outcome.cost, outcome.later_cost
    line = say("cost", lang, rules=first.rules_evaluated, hashes=first.hash_lookups)
    if later is not None:
        line += say("later", lang, rules=later.rules_evaluated, hashes=later.hash_lookups)
    return Prose(line, style="quiet")
