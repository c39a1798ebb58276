"""`k8squiz lab verify --dns`: what real resolvers ask under drawn resolv.confs, and queries past NodeLocal DNSCache, beside the
engine."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from engine.cluster import Mode
from engine.lab.cases import drawn_on
from engine.lab.drawn_lookups import lookup_cases
from engine.lab.drawn_node_caches import node_cache_scenes
from engine.lab.parallel import in_processes
from engine.lab.requirements import prepare
from engine.lab.resolvers import VerifiedLookup, libraries, verify_lookups
from engine.lab.verify import VerifiedCase, enough, run_all
from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import print_json, print_plain


def verify(count: int, seed: int, workers: int, mode: str | None, as_json: bool, lang: Lang) -> int:
    """That many resolv.confs, with every library that is here, and as many queries past caches on nodes; 1 where a look-up or a
    query ends otherwise than the engine says."""
    modes, networks = drawn_on(prepare())
    modes = modes if mode is None else (Mode(mode),)
    began = time.monotonic()
    cases = list(itertools.islice(lookup_cases(seed), count))
    with tempfile.TemporaryDirectory(prefix="k8squiz-resolvers-") as folder:
        programs = libraries(Path(folder))
        jobs = [(case, libc, program) for case in cases for libc, program in programs.items()]
        every = in_processes(lambda index: verify_lookups(*jobs[index]), len(jobs), workers)
        found = [one for results in every for one in results]
    past = run_all(enough(node_cache_scenes(seed, modes, networks), count), workers)
    took = time.monotonic() - began
    wrong = [one for one in found if one.skipped is None and not one.agrees]
    astray = [one for one in past if one.differences]
    if as_json:
        print_json(_as_data(found, past, took))
        return int(bool(wrong or astray))
    for one in wrong[:20]:
        print_plain(f"{_told(one)}\n  {one.library}\n  {one.engine}\n")
    for case in astray[:20]:
        differences = "; ".join(map(str, case.differences))
        print_plain(f"{case.scene.name}: {case.request.source} -> {case.request.destination}: {differences}\n")
    for reason, number in _left_out(found, past).most_common():
        print_plain(f"{number:>4}  {pick(reason, lang)}\n")
    for libc in programs:
        asked = [one for one in found if one.libc == libc and one.skipped is None]
        queries = sum(one.queries for one in asked)
        bad = sum(not one.agrees for one in asked)
        if lang == "zh":
            print_plain(f"{libc}：{len(asked)} 次解析，{queries} 个查询，{bad} 处不一致\n")
        else:
            print_plain(f"{libc}: {len(asked)} look-ups, {queries} queries, {bad} disagree\n")
    sent = sum(one.outcome is not None for one in past)
    if lang == "zh":
        print_plain(f"NodeLocal DNSCache：{sent} 个请求，{len(astray)} 处不一致，耗时 {took:.0f} 秒\n")
    else:
        print_plain(f"NodeLocal DNSCache: {sent} requests, {len(astray)} disagree, {took:.0f} s\n")
    return int(bool(wrong or astray))


def _told(one: VerifiedLookup) -> str:
    return f"{one.case}: {one.libc} {one.asked}"


def _left_out(found: list[VerifiedLookup], past: list[VerifiedCase]) -> Counter[Text]:
    skipped = [*(one.skipped for one in found), *(one.skipped for one in past)]
    return Counter(one for one in skipped if one is not None)


def _as_data(found: list[VerifiedLookup], past: list[VerifiedCase], seconds: float) -> dict[str, Any]:
    return {
        "lookups": dict(Counter(one.libc for one in found if one.skipped is None)),
        "queries": sum(one.queries for one in found),
        "node_cache_requests": sum(one.outcome is not None for one in past),
        "seconds": round(seconds, 1),
        "disagreements": [
            {"lookup": _told(one), "library": one.library, "engine": one.engine}
            for one in found
            if one.skipped is None and not one.agrees
        ]
        + [
            {"scene": one.scene.name, "request": str(one.request), "points": [str(point) for point in one.differences]}
            for one in past
            if one.differences
        ],
        "left_out": [
            {"count": number, "reason": {"en": reason.en, "zh": reason.zh}}
            for reason, number in _left_out(found, past).most_common()
        ],
    }
