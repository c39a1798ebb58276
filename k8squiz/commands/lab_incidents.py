"""`k8squiz lab verify --incidents`: drawn incidents on the kernel, before the fault, with it and mended."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter
from typing import Any

from engine.cluster import Mode
from engine.lab.incidents import VerifiedIncident, drawn_ids, mode_of, verify_incident
from engine.lab.parallel import in_processes
from engine.lab.requirements import prepare
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.console import print_json, print_plain

# For each incident wanted, how many may be drawn that this kernel cannot build, or that are of another mode.
_MOST_DRAWN = 5


def verify(
    incidents: int, seed: int, workers: int, mode: str | None, fault: str | None, as_json: bool, lang: Lang
) -> int:
    """That many incidents, in that mode or of that fault alone where one is asked for; 1 where kernel and engine disagree on a flow, or a line's real tool failed."""
    prepare()
    asked = None if mode is None else Mode(mode)
    ids = list(itertools.islice(drawn_ids(seed, fault), incidents * _MOST_DRAWN))
    began, found, counted = time.monotonic(), list[VerifiedIncident](), 0
    # Ctrl-C ends it with what there is.
    with contextlib.suppress(KeyboardInterrupt):
        for one in in_processes(lambda index: _verified(ids[index], asked), len(ids), workers):
            if one is None:
                continue
            found.append(one)
            counted += one.skipped is None
            if counted == incidents:
                break
    took = time.monotonic() - began
    wrong = [one for one in found if one.disagreements or one.failed]
    if as_json:
        print_json(_as_data(found, took))
        return 1 if wrong else 0
    print_plain("\n".join(line for one in wrong[:20] for line in _told(one)))
    print_plain(_table(found, lang))
    connections = sum(one.connections for one in found)
    if lang == "zh":
        print_plain(f"{counted} 个故障，{connections} 个连接，{len(wrong)} 个故障有不一致，耗时 {took:.0f} 秒\n")
    else:
        print_plain(f"{counted} incidents, {connections} connections, {len(wrong)} incidents disagree, {took:.0f} s\n")
    return 1 if wrong else 0


def _verified(id_: str, asked: Mode | None) -> VerifiedIncident | None:
    return verify_incident(id_) if asked in (None, mode_of(id_)) else None


def _told(one: VerifiedIncident) -> list[str]:
    rows = [f"  {at.stage}: {at.flow}: kernel {at.kernel}; engine {at.engine}" for at in one.disagreements[:8]]
    return [one.id, *rows, *(f"  {line}" for line in one.failed)]


def _table(found: list[VerifiedIncident], lang: Lang) -> str:
    counts = Counter(one.fault for one in found if one.skipped is None)
    lines = [f"{name:<28} {count:>4}" for name, count in sorted(counts.items())]
    reasons = Counter(pick(one.skipped, lang) for one in found if one.skipped is not None)
    return "\n".join((*lines, *(f"{count:>4}  {reason}" for reason, count in reasons.most_common()), ""))


def _as_data(found: list[VerifiedIncident], seconds: float) -> dict[str, Any]:
    return {
        "incidents": sum(one.skipped is None for one in found),
        "connections": sum(one.connections for one in found),
        "seconds": round(seconds, 1),
        "faults": dict(Counter(one.fault for one in found if one.skipped is None)),
        "disagreements": [
            {"id": one.id, "stage": at.stage, "flow": at.flow, "kernel": at.kernel, "engine": at.engine}
            for one in found
            for at in one.disagreements
        ],
        "failed": [{"id": one.id, "lines": list(one.failed)} for one in found if one.failed],
        "left_out": [
            {"count": count, "reason": {"en": reason.en, "zh": reason.zh}}
            for reason, count in Counter(one.skipped for one in found if one.skipped is not None).most_common()
        ],
    }
