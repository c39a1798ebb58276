"""Draw docs/practice.svg, README's picture: one question as it is asked, answered with one step astray, and graded.

python docs/picture.py [OUT.svg]
"""

from __future__ import annotations

import sys
from pathlib import Path

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.fields import OrderField
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import make_task
from k8squiz.screens.grade import grade_view
from k8squiz.screens.question import question_view, title_view
from k8squiz.terminal.export import recorder, to_svg
from k8squiz.world.world import World

QUESTION, SEED, WIDTH = "nodeport-forward-order", "7", 92


def main(out: Path) -> None:
    world = World(draw(find(QUESTION), SEED))
    task = make_task(world)
    field = next(field for field in task.fields if isinstance(field, OrderField))
    steps = list(field.truth)
    steps[-3], steps[-2] = steps[-2], steps[-3]
    console = recorder(WIDTH)
    console.print(title_view(world.question, "en", 1, 5))
    console.print(question_view(world, task, "en"))
    letters = {item.key: item.letter for item in field.items}
    console.print(f"answer> {' '.join(letters[step] for step in steps)}", style="bold cyan")
    console.print(grade_view(world, task, grade(task, {field.id: tuple(steps)}), "en"))
    out.write_text(to_svg(console, "k8squiz practice --topic nodeport"), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("practice.svg"))
