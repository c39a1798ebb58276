"""Every fault's row, whole, in both languages, as a text file: a changed one shows as a diff that people can read. To write
it anew: K8SQUIZ_TELL=1 pytest tests/engine/faults/test_rows.py, then read the diff."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from engine.faults import find_fault, names
from engine.faults.placed import PLACED
from engine.faults.registry import MODULES

TOLD = Path(__file__).parents[2] / "golden" / "faults.txt"


def rows() -> Iterator[str]:
    for name in names():
        fault = find_fault(name)
        yield f"{name}, of {MODULES[name]}: level {fault.level}, {fault.nodes} nodes, by {fault.cases.__name__}"
        yield f"  in {' '.join(fault.plugins)}, {' '.join(fault.modes)}"
        wants = " ".join(name for name in ("strict", "uploads", "two_cards", "host_port") if getattr(fault, name))
        if wants or fault.prepare is not None:
            yield f"  {wants or 'as always'}, after {fault.prepare.__name__ if fault.prepare else 'nothing'}"
        yield f"  said by {'  '.join(fault.terms)}"
        for text in (fault.what, fault.lives, fault.trigger):
            yield from (f"    {text.en}", f"    {text.zh}")

    for name, placed in PLACED.items():
        yield f"{name}: at a {placed.place}"
        yield from (f"    {placed.text.en}", f"    {placed.text.zh}")


def test_the_faults_are_what_they_were() -> None:
    told = "\n".join(rows()) + "\n"
    if os.environ.get("K8SQUIZ_TELL"):
        TOLD.write_text(told, encoding="utf-8")
    assert told == TOLD.read_text(encoding="utf-8")
