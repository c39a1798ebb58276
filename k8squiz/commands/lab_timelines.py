"""`k8squiz lab verify --timelines`: drawn timelines on the kernel; what becomes of their connections, beside the engine;
rows of connections that MASQUERADE has few ports for; a conntrack table that is full."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import Any

from engine.cluster import Mode
from engine.lab.cases import MODES
from engine.lab.drawn_timelines import timelines
from engine.lab.full_table import FilledTable, verify_full_table
from engine.lab.parallel import in_processes
from engine.lab.port_exhaustion import VerifiedPorts, port_cases, verify_ports
from engine.lab.requirements import prepare
from engine.lab.timelines import VerifiedTimeline, verify_timeline
from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import print_json, print_plain

# One row of connections through few ports to so many timelines.
_PORTS_TO = 3


def verify(count: int, seed: int, workers: int, mode: str | None, as_json: bool, lang: Lang) -> int:
    """That many timelines; 1 where a connection ends in the kernel as the engine says that it cannot."""
    there = prepare()
    modes = MODES if there.nf_tables else (Mode.IPTABLES,)
    drawn = list(itertools.islice(timelines(seed, modes if mode is None else (Mode(mode),)), count))
    began = time.monotonic()
    found = list(in_processes(lambda index: verify_timeline(drawn[index]), len(drawn), workers))
    cases = list(itertools.islice(port_cases(seed), max(1, count // _PORTS_TO)))
    ports = list(in_processes(lambda index: verify_ports(cases[index]), len(cases), workers))
    tables = [verify_full_table(assured) for assured in (True, False)]
    took = time.monotonic() - began
    wrong = [one for one in found if one.disagreements]
    narrow = [one for one in ports if one.kernel != one.engine]
    failed = bool(wrong or narrow) or not all(one.agrees for one in tables)
    fates = Counter(fate for one in found for fate in one.fates)
    followed = sum(one.skipped is None for one in found)
    requests = sum(fates.values())
    if as_json:
        print_json(_as_data(found, followed, fates, took) | _ports_data(ports, narrow) | _tables_data(tables))
        return int(failed)
    for one in wrong[:20]:
        print_plain("".join(f"{line}\n" for line in one.disagreements))
    for case in narrow[:20]:
        print_plain(f"{case.case}: kernel {case.kernel}; engine {case.engine}\n")
    for reason, number in Counter(pick(one.skipped, lang) for one in found if one.skipped is not None).most_common():
        print_plain(f"{number:>4}  {reason}\n")
    print_plain(", ".join(f"{fate} {number}" for fate, number in sorted(fates.items())) + "\n")
    connections = sum(len(one.kernel) for one in ports)
    if lang == "zh":
        print_plain(f"{followed} 个时间线，{requests} 个请求，{len(wrong)} 处不一致\n")
        print_plain(
            f"窄端口范围：{len(ports)} 个用例，{connections} 个连接，{len(narrow)} 处不一致，耗时 {took:.0f} 秒\n"
        )
    else:
        print_plain(f"{followed} timelines, {requests} requests, {len(wrong)} disagree\n")
        print_plain(
            f"narrow port ranges: {len(ports)} cases, {connections} connections, {len(narrow)} disagree, {took:.0f} s\n"
        )
    for table in tables:
        print_plain(f"{pick(_table_told(table), lang)}\n")
    return int(failed)


def _ports_data(ports: list[VerifiedPorts], narrow: list[VerifiedPorts]) -> dict[str, Any]:
    return {
        "port_cases": len(ports),
        "port_connections": sum(len(one.kernel) for one in ports),
        "port_disagreements": [f"{one.case}: kernel {one.kernel}; engine {one.engine}" for one in narrow],
    }


def _table_told(one: FilledTable) -> Text:
    if one.skipped is not None:
        return one.skipped
    of = "ASSURED" if one.assured else "not ASSURED", "ASSURED" if one.assured else "非 ASSURED"
    yes, no = ("is made", "建立"), ("is dropped", "被丢弃")
    kernel, engine = (yes if one.connects else no), (yes if one.expected else no)
    standing = ("goes on", "继续") if one.goes_on else ("does not", "中断")
    return Text(
        f"a table full of {of[0]} entries: a new connection {kernel[0]} (engine: {engine[0]}), a standing one {standing[0]}",
        f"表中全是 {of[1]} 表项：新连接{kernel[1]}（引擎：{engine[1]}），已建立的连接{standing[1]}",
    )


def _tables_data(tables: list[FilledTable]) -> dict[str, Any]:
    return {
        "full_tables": [{"assured": one.assured, "agrees": one.agrees, "told": _table_told(one).en} for one in tables]
    }


def _as_data(found: list[VerifiedTimeline], followed: int, fates: Counter[str], seconds: float) -> dict[str, Any]:
    return {
        "timelines": followed,
        "requests": dict(fates),
        "seconds": round(seconds, 1),
        "disagreements": [line for one in found for line in one.disagreements],
        "left_out": [{"en": one.skipped.en, "zh": one.skipped.zh} for one in found if one.skipped is not None],
    }
