"""How many lines a question takes: `python benchmarks/screen_lines.py [TREE...]`, a table for each checkout (default: this one).

What is counted is what stands above the prompt: title, cluster, request, what is asked, what can be picked, and the table
of cells of a question that has one. 24 lines less the prompt and its keys leave 20. What is to be read first (manifests, what
tools print) is paged above it: the last column counts the questions that are longer than that with it.
"""

from __future__ import annotations

import functools
import io
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

WIDTHS = (60, 80, 120)
FITS = 20


def lines_of(width: int, lang: str, material: bool = False) -> dict[str, int]:
    """Each question of the bank (seed 1) and its lines at `width` columns; `material`: with what is to be read first."""
    return {name: _counted(world, task, width, lang, material) for name, (world, task) in _drawn().items()}


@functools.cache
def _drawn() -> dict[str, tuple[object, object]]:
    """Each question's world and task: what takes the time, and is the same at every width and in every language."""
    from k8squiz.bank import find as bank
    from k8squiz.bank.draw import draw
    from k8squiz.kinds.interface import make_task
    from k8squiz.world.world import World

    worlds = {meta.id: World(draw(bank.find(meta.id), "1")) for meta in bank.select((), None)}
    return {name: (world, make_task(world)) for name, world in worlds.items()}


def _counted(world: object, task: object, width: int, lang: str, material: bool) -> int:
    from k8squiz.screens.question import question_view, title_view
    from k8squiz.terminal.console import make_console

    out = io.StringIO()
    console = make_console(width=width, file=out)
    console.print(title_view(world.question, lang, 1, 5))  # type: ignore[attr-defined,arg-type]
    try:
        console.print(question_view(world, task, lang, listed=False, material=material))  # type: ignore[arg-type]
    except TypeError:  # an earlier tree
        console.print(question_view(world, task, lang, listed=False))  # type: ignore[arg-type]
    if any(field.row is not None for field in task.fields):  # type: ignore[attr-defined]
        for line in _fields(task, lang):
            console.print(line)
    # The steps of an order stand in the list that is put in order, a line each where they fit.
    steps = [item for field in task.fields if field.ordered for item in field.options]  # type: ignore[attr-defined]
    return len(out.getvalue().splitlines()) + len(steps)


def _fields(task: object, lang: str) -> list[str]:
    try:
        from k8squiz.screens.question import fields_lines
    except ImportError:  # an earlier tree
        fields = [field for field in task.fields if field.foreseen]  # type: ignore[attr-defined]
        return ["", *(field.prompt(lang) for field in fields)] if len(fields) > 1 else []
    read: Callable[[object, str], list[str]] = fields_lines  # type: ignore[assignment]
    return read(task, lang)


def main() -> None:
    trees = [Path(name).resolve() for name in sys.argv[1:]]
    if not trees:
        _table()
        return
    for tree in trees:
        print(f"\n{tree}", flush=True)
        subprocess.run([sys.executable, __file__], cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, check=True)


def _table() -> None:
    print(
        f"{'':4}{'columns':>8}{'questions':>10}{'median':>8}{'90 %':>6}{'most':>6}{f'over {FITS}':>9}{'with all':>10}  the longest"
    )
    for lang in ("en", "zh"):
        for width in WIDTHS:
            counted = lines_of(width, lang)
            lines = sorted(counted.values())
            over = sum(1 for each in lines if each > FITS)
            whole = sum(1 for each in lines_of(width, lang, material=True).values() if each > FITS)
            longest = ", ".join(sorted(counted, key=lambda name: -counted[name])[:3])
            print(
                f"{lang:4}{width:>8}{len(lines):>10}{statistics.median(lines):>8g}{lines[len(lines) * 9 // 10]:>6}"
                f"{lines[-1]:>6}{over:>9}{whole:>10}  {longest}"
            )


if __name__ == "__main__":
    main()
