"""How many lines the first page after an answer takes: `python benchmarks/reveal_lines.py`, every question answered wrong.

Counted are the grade with the causes, the explanation and the line of keys, at 60, 80 and 120 columns; a terminal has 24.
"""

from __future__ import annotations

import io
import statistics

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find, select
from k8squiz.kinds.fields import Field
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import make_task
from k8squiz.locale.i18n import Lang
from k8squiz.screens.grade import grade_view, why_view
from k8squiz.terminal.console import make_console
from k8squiz.world.world import World

WIDTHS = (60, 80, 120)
FITS = 24
LANGS: tuple[Lang, ...] = ("en", "zh")
_KEYS = 2


def wrong(field: Field) -> object:
    """A typical wrong value: two steps changed over and one too many, the options that do not hold; else a blank."""
    keys = [item.key for item in field.options]
    others = [key for key in keys if key not in field.truth]
    if field.ordered:
        first, second, third, *rest = field.truth
        return (first, third, second, *rest, *others[:1])
    if keys:
        return tuple(others[:1]) if len(field.truth) == 1 else tuple(key for key in keys if key != field.truth[0])
    return None


def lines_of(width: int, lang: Lang) -> dict[str, int]:
    """Each question of the bank (seed 1) and its lines."""
    counted = {}
    for meta in select():
        world = World(draw(find(meta.id), "1"))
        task = make_task(world)
        given = {field.id: value for field in task.fields if (value := wrong(field)) is not None}
        out = io.StringIO()
        console = make_console(width=width, file=out)
        console.print(grade_view(world, task, grade(task, given), lang), why_view(world, lang))
        counted[meta.id] = len(out.getvalue().splitlines()) + _KEYS
    return counted


def main() -> None:
    print(f"{'':4}{'columns':>8}{'median':>8}{'90 %':>6}{'most':>6}{f'over {FITS}':>9}")
    for lang in LANGS:
        for width in WIDTHS:
            lines = sorted(lines_of(width, lang).values())
            over = sum(1 for each in lines if each > FITS)
            middle, late = statistics.median(lines), lines[len(lines) * 9 // 10]
            print(f"{lang:4}{width:>8}{middle:>8g}{late:>6}{lines[-1]:>6}{over:>5}/{len(lines)}")


if __name__ == "__main__":
    main()
