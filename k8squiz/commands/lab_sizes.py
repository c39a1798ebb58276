"""`k8squiz lab verify --sizes`: packets about as long as the links of drawn clusters carry, on the kernel beside the engine."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import Any

from engine.cluster import Mode
from engine.lab.cases import drawn_on
from engine.lab.drawn_sizes import size_cases
from engine.lab.large_packets import VerifiedPacket, verify_sizes
from engine.lab.parallel import in_processes
from engine.lab.requirements import prepare
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import print_json, print_plain


def verify(count: int, seed: int, workers: int, mode: str | None, as_json: bool, lang: Lang) -> int:
    """The requests of that many clusters; 1 where one ends in the kernel otherwise than the engine says."""
    modes, networks = drawn_on(prepare())
    modes = modes if mode is None else (Mode(mode),)
    drawn = list(itertools.islice(size_cases(seed, modes, networks), count))
    began = time.monotonic()
    every = in_processes(lambda index: verify_sizes(drawn[index]), len(drawn), workers)
    found = [one for results in every for one in results]
    took = time.monotonic() - began
    sent = [one for one in found if one.skipped is None]
    wrong = [one for one in sent if not one.agrees]
    if as_json:
        print_json(_as_data(found, sent, wrong, took))
        return int(bool(wrong))
    for one in wrong[:20]:
        print_plain(f"{_told(one)}: kernel {one.kernel}; engine {one.engine}\n")
    for reason, number in Counter(pick(one.skipped, lang) for one in found if one.skipped is not None).most_common():
        print_plain(f"{number:>4}  {reason}\n")
    print_plain("".join(f"{end:<40} {number:>4}\n" for end, number in Counter(one.end for one in sent).most_common()))
    if lang == "zh":
        print_plain(f"{count} 个集群，{len(sent)} 个请求，{len(wrong)} 处不一致，耗时 {took:.0f} 秒\n")
    else:
        print_plain(f"{count} clusters, {len(sent)} requests, {len(wrong)} disagree, {took:.0f} s\n")
    return int(bool(wrong))


def _told(one: VerifiedPacket) -> str:
    asked = one.request
    df = "without DF" if asked.may_fragment else "DF"
    return f"{one.case}: {asked.source} -> {asked.destination} {asked.protocol} {asked.size} bytes, {df}"


def _as_data(
    found: list[VerifiedPacket], sent: list[VerifiedPacket], wrong: list[VerifiedPacket], seconds: float
) -> dict[str, Any]:
    return {
        "requests": len(sent),
        "seconds": round(seconds, 1),
        "endings": dict(Counter(one.end for one in sent).most_common()),
        "disagreements": [{"request": _told(one), "kernel": one.kernel, "engine": one.engine} for one in wrong],
        "left_out": [
            {"count": number, "reason": {"en": reason.en, "zh": reason.zh}}
            for reason, number in Counter(one.skipped for one in found if one.skipped is not None).most_common()
        ],
    }
