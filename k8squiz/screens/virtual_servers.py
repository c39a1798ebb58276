"""Virtual servers and workloads on the screen: what is given, and what was measured. Returns renderables."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from engine.cluster import Mode
from engine.ipvs.scenario import KUBE_PROXY, Requirement, Scenario
from engine.ipvs.simulate import METRICS, Measured
from engine.ipvs.workload import Action, Workload
from engine.trace import Text
from k8squiz.locale.i18n import Lang, joined, pick
from k8squiz.screens.pieces import Pieces
from k8squiz.screens.prose import Prose
from k8squiz.world.virtual_servers import ClusterSize, History

_WORDS = {
    "bare": Text("bare IPVS (ipvsadm)", "纯 IPVS（ipvsadm）"),
    "kube-proxy": Text(
        "kube-proxy in ipvs mode: one scheduler for the cluster, every weight 1, mh with mh-port",
        "kube-proxy 的 ipvs 模式：全集群一个调度算法，权重全为 1，mh 带 mh-port",
    ),
    "server": Text("server", "服务器"),
    "weight": Text("weight", "权重"),
    "speed": Text("speed", "速度"),
    "slots": Text("at once", "并行数"),
    "from start": Text("from the start", "从一开始就在"),
    "scheduler": Text("scheduler", "调度算法"),
    "fits": Text("fits", "符合"),
    "went": Text("went to", "去往"),
    "connections": Text(
        "connections {first} to {last}, from client-{first} to client-{last} in turn",
        "第 {first} 至 {last} 个连接，依次来自 client-{first} 至 client-{last}",
    ),
    "nobody": Text("no server", "没有服务器"),
    "requirement": Text("Requirement", "要求"),
    "measured": Text("Measured: every scheduler, the same workload", "实测：同一负载下的每种调度算法"),
    "persistent": Text("persistence {n} s", "会话保持 {n} 秒"),
    "logarithmic": Text("logarithmic scale", "对数刻度"),
    "size": Text(
        "{services} ClusterIP Services of {endpoints} ready endpoints each (one port, default settings), and nothing else",
        "{services} 个 ClusterIP 类型的 Service，每个有 {endpoints} 个就绪端点（一个端口，默认配置），此外没有别的",
    ),
    "on one node": Text("On one node", "一个节点上"),
}
_THOUSAND, _E_NOTATION = 1000, 10**6
_ORDERS = 100  # so many times the least: bars on a linear scale would show the largest alone
_A_RUN = 3  # so many connections alike are told in one line
# What bench.FIGURES counts, for the table under the grade.
_FIGURE_TEXTS: Mapping[str, Text] = {
    "chains": Text("chains", "链"),
    "rules": Text("rules", "规则"),
    "elements": Text("entries of sets, maps and IPVS's table", "集合与映射的元素、IPVS 表项"),
    "first": Text("rules evaluated: first packet to the first Service", "匹配的规则：首包，访问第一个 Service"),
    "average": Text("first packet, on average", "首包，平均"),
    "last": Text("first packet to the last Service", "首包，访问最后一个 Service"),
    "last_lookups": Text("look-ups beside these", "除此之外的查找次数"),
    "none": Text("first packet to no Service", "首包，不访问任何 Service"),
    "later": Text("any later packet", "任一后续数据包"),
    "full_sync": Text("lines of a full sync", "一次全量同步的行数"),
    "one_endpoint": Text("lines after one endpoint changed", "一个端点变化后的行数"),
}
# What a figure is called in a table's head, short; what it means stands in METRIC_TEXTS.
METRIC_TEXTS: Mapping[str, Text] = {
    "spread": Text("most connections of a server / mean", "最多连接的服务器 / 平均值"),
    "load_spread": Text("busiest server / mean, by speed", "最忙的服务器 / 平均值（按速度折算）"),
    "stickiness": Text("share of returning clients that stayed", "再次访问的客户端留在原服务器的比例"),
    "moved": Text("share of clients moved by the change", "变更后被移走的客户端比例"),
    "worst_queue": Text("longest queue", "最长队列"),
    "mean_queue": Text("mean queue", "平均队列"),
    "mean_wait": Text("mean wait, ms", "平均等待，单位毫秒"),
    "idle_while_queued": Text("share queued while another was idle", "其他服务器空闲时仍在排队的比例"),
    "drained": Text("new connections after draining", "排空后仍接到的新连接"),
    "refused": Text("connections nobody took", "无人接收的连接"),
}
_ACTIONS = {
    Action.REMOVE: Text("is removed", "被移除"),
    Action.DRAIN: Text("is drained (weight 0)", "被排空（权重 0）"),
    Action.ADD: Text("joins", "加入"),
}


def word(key: str, lang: Lang) -> str:
    return pick(_WORDS[key], lang)


def number(value: float) -> str:
    if value == int(value):
        return f"{value:g}" if abs(value) < _E_NOTATION else f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < _THOUSAND else f"{value:,.0f}"


def scenario_view(found: Scenario, lang: Lang) -> RenderableType:
    """What is given: the dataplane, the servers, the traffic, what changes midway, the requirement."""
    work = found.workload
    table = Table(padding=(0, 1), box=None, pad_edge=False, header_style="caption")
    heads = ("server", "weight", "speed", "slots")
    for head in heads:
        table.add_column(word(head, lang))
    # Servers that are all alike share a row.
    for figures, servers in itertools.groupby(work.servers, lambda one: (one.weight, one.speed, one.slots)):
        names = [
            one.name if one.from_start else one.name + _noted(_joins(work, one.name, lang), lang) for one in servers
        ]
        table.add_row((", " if lang == "en" else "、").join(names), *map(str, figures))
    dataplane = "kube-proxy" if found.dataplane == KUBE_PROXY else "bare"
    parts: list[RenderableType] = [Prose(word(dataplane, lang), "strong"), table, Prose(_traffic(work, lang))]
    for change in work.changes:
        seconds = f"{change.at / 1000:g}"
        parts.append(Prose(joined(f"{seconds} s", f"{change.server} {pick(_ACTIONS[change.action], lang)}", lang)))
    required = (" · " if lang == "en" else "；").join(requirement_text(one, lang) for one in found.requirements)
    parts.append(Prose(joined(word("requirement", lang), required, lang)))
    return Group(*parts)


def _noted(text: str, lang: Lang) -> str:
    return f" ({text})" if lang == "en" else f"（{text}）"


def _joins(work: Workload, name: str, lang: Lang) -> str:
    at = next((change.at for change in work.changes if change.server == name), 0)
    return f"{at / 1000:g} s"


def _traffic(work: Workload, lang: Lang) -> str:
    seconds = work.connections * work.gap / 1000
    if lang == "zh":
        text = f"{work.clients} 个客户端，约 {seconds:g} 秒内共 {work.connections} 个连接；每个需要 {work.short} 毫秒的处理"
        if work.long_share:
            text += f"，其中 {float(work.long_share):.0%} 需要 {work.long} 毫秒"
        return text + "。"
    text = f"{work.connections} connections from {work.clients} clients in about {seconds:g} s; each asks for {work.short} ms"
    if work.long_share:
        text += f" of work, {float(work.long_share):.0%} of them for {work.long} ms"
    return text + "."


def requirement_text(one: Requirement, lang: Lang) -> str:
    return f"{one}{_noted(pick(METRIC_TEXTS[one.metric], lang), lang)}"


def measured_view(
    found: Scenario, table: Mapping[str, Measured], fitting: Sequence[str], lang: Lang, metrics: Sequence[str] = ()
) -> RenderableType:
    """Every scheduler's figures; ✗ marks one that breaks the requirement."""
    shown = list(metrics) or _worth_showing(found, table)
    grid = Table(title=word("measured", lang), title_justify="left", title_style="caption", padding=(0, 1))
    grid.add_column(word("scheduler", lang), no_wrap=True)
    grid.add_column(word("fits", lang))
    for metric in shown:
        grid.add_column(metric, justify="right", overflow="fold")
    for name, figures in table.items():
        cells = [_cell(metric, figures, found.requirements) for metric in shown]
        fits = name in fitting
        grid.add_row(
            Styled(name, style="strong" if fits else ""),
            Styled("✓" if fits else "✗", style="right" if fits else "wrong"),
            *cells,
        )
    legend = [Prose(joined(metric, pick(METRIC_TEXTS[metric], lang), lang), "quiet") for metric in shown]
    return Group(grid, *legend)


def _worth_showing(found: Scenario, table: Mapping[str, Measured]) -> list[str]:
    """The figures required, then those that tell schedulers apart, so many as a screen holds."""
    wanted = list(dict.fromkeys(one.metric for one in found.requirements))
    apart = [m for m in METRICS if m not in wanted and len({getattr(figures, m) for figures in table.values()}) > 1]
    return (wanted + apart)[: max(len(wanted), 4)]


def _cell(metric: str, figures: Measured, requirements: Sequence[Requirement]) -> Styled:
    broken = any(one.metric == metric and not one.met(figures) for one in requirements)
    text = number(getattr(figures, metric))
    return Styled(f"✗ {text}", style="wrong") if broken else Styled(text)


def bar_view(table: Mapping[str, Measured], metric: str, lang: Lang, width: int = 40) -> RenderableType:
    """One figure of every scheduler as bars, on a logarithmic scale where they span two orders of magnitude."""
    grid = Table.grid(padding=(0, 1))
    values = {name: float(getattr(figures, metric)) for name, figures in table.items()}
    lengths, logarithmic = bar_lengths(tuple(values.values()), width)
    for (name, value), filled in zip(values.items(), lengths, strict=True):
        grid.add_row(name, Styled("█" * filled or "▏", style="bar"), number(value))
    title = joined(metric, pick(METRIC_TEXTS[metric], lang), lang)
    return Group(Prose(title + (_noted(word("logarithmic", lang), lang) if logarithmic else ""), "strong"), grid)


def bar_lengths(values: Sequence[float], width: int) -> tuple[list[int], bool]:
    """How many of `width` columns each value takes, and whether on a logarithmic scale: from the power of ten below the
    least of those above 0, so that it shows too."""
    above = [value for value in values if value > 0]
    if not above:
        return [0] * len(values), False
    if max(above) < _ORDERS * min(above):
        return [round(value / max(above) * width) for value in values], False
    floor = math.floor(math.log10(min(above)) - 1e-9)
    span = math.log10(max(above)) - floor
    return [max(1, round((math.log10(v) - floor) / span * width)) if v > 0 else 0 for v in values], True


def history_view(found: History, lang: Lang, solved: bool = False) -> RenderableType:
    """Scheduler, servers, weights and what happened; with `solved` where each connection went."""
    title = [joined(word("scheduler", lang), found.scheduler, lang)]
    if found.persistent is not None:
        title.append(word("persistent", lang).format(n=found.persistent))
    title += [joined(name, f"{word('weight', lang)} {weight}", lang) for name, weight in found.servers]
    if not solved:
        return Group(Pieces(title), Columns(_happened(found, lang), padding=(0, 3), column_first=True))
    steps = Table.grid(padding=(0, 1))
    for at, step in enumerate(found.steps, 1):
        went = f"→ {step.picked or word('nobody', lang)}" if step.connected else ""
        steps.add_row(f"{at}.", pick(step.text, lang), Styled(went, style="strong"))
    return Group(Pieces(title), steps)


def _happened(found: History, lang: Lang) -> list[str]:
    """The steps, numbered; connections one after another, each of a client that comes once, in one line."""
    lines: list[str] = []
    steps = list(enumerate(found.steps, 1))
    while steps:
        run = list(itertools.takewhile(lambda step: step[1].newcomer, steps))
        if len(run) < _A_RUN:
            run = steps[:1]
        (first, step), (last, _) = run[0], run[-1]
        text = pick(step.text, lang)
        if len(run) > 1:
            connections = step.connected, run[-1][1].connected
            text = word("connections", lang).format(first=connections[0], last=connections[1])
        lines.append(f"{first}.  {text}" if first == last else f"{first}.-{last}.  {text}")
        steps = steps[len(run) :]
    return lines


def size_view(found: ClusterSize, lang: Lang) -> RenderableType:
    """What is given: how many Services of how many endpoints."""
    return Prose(word("size", lang).format(services=found.services, endpoints=found.endpoints), "strong")


def figures_view(found: ClusterSize, lang: Lang) -> RenderableType:
    """What each mode costs at that size."""
    modes = (Mode.IPTABLES, Mode.IPVS, Mode.NFTABLES)
    grid = Table(title=word("on one node", lang), title_justify="left", title_style="caption", padding=(0, 1))
    grid.add_column("", overflow="fold")
    for mode in modes:
        grid.add_column(mode, justify="right")
    for name, text in _FIGURE_TEXTS.items():
        grid.add_row(pick(text, lang), *(_counted(found.figure(name, mode)) for mode in modes))
    return grid


def _counted(value: Fraction) -> str:
    return f"{int(value):,}" if value.denominator == 1 else f"{float(value):,.1f}"
