"""`k8squiz lab verify --timelines`: drawn timelines on the kernel; what becomes of their connections, beside the engine."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import Any

from engine.cluster import Mode
from engine.lab.cases import MODES
from engine.lab.drawn_timelines import timelines
from engine.lab.parallel import in_processes
from engine.lab.requirements import prepare
from engine.lab.timelines import VerifiedTimeline, verify_timeline
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import print_json, print_plain


def verify(count: int, seed: int, workers: int, mode: str | None, as_json: bool, lang: Lang) -> int:
    """That many timelines; 1 where a connection ends in the kernel as the engine says that it cannot."""
    there = prepare()
    modes = MODES if there.nf_tables else (Mode.IPTABLES,)
    drawn = list(itertools.islice(timelines(seed, modes if mode is None else (Mode(mode),)), count))
    began = time.monotonic()
    found = list(in_processes(lambda index: verify_timeline(drawn[index]), len(drawn), workers))
    took = time.monotonic() - began
    wrong = [one for one in found if one.disagreements]
    fates = Counter(fate for one in found for fate in one.fates)
    followed = sum(one.skipped is None for one in found)
    requests = sum(fates.values())
    if as_json:
        print_json(_as_data(found, followed, fates, took))
        return 1 if wrong else 0
    for one in wrong[:20]:
        print_plain("".join(f"{line}\n" for line in one.disagreements))
    for reason, number in Counter(pick(one.skipped, lang) for one in found if one.skipped is not None).most_common():
        print_plain(f"{number:>4}  {reason}\n")
    print_plain(", ".join(f"{fate} {number}" for fate, number in sorted(fates.items())) + "\n")
    if lang == "zh":
        print_plain(f"{followed} 个时间线，{requests} 个请求，{len(wrong)} 处不一致，耗时 {took:.0f} 秒\n")
    else:
        print_plain(f"{followed} timelines, {requests} requests, {len(wrong)} disagree, {took:.0f} s\n")
    return 1 if wrong else 0


def _as_data(found: list[VerifiedTimeline], followed: int, fates: Counter[str], seconds: float) -> dict[str, Any]:
    return {
        "timelines": followed,
        "requests": dict(fates),
        "seconds": round(seconds, 1),
        "disagreements": [line for one in found for line in one.disagreements],
        "left_out": [{"en": one.skipped.en, "zh": one.skipped.zh} for one in found if one.skipped is not None],
    }
