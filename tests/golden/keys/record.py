"""Records the answer key of drawn questions: `python -m tests.golden.keys.record`. What it writes is read by a person
before it is committed: a key that changes is either a fault mended, or a fault made."""

from __future__ import annotations

import json
from pathlib import Path

from k8squiz.bank.draw import draw
from k8squiz.bank.find import bank_folder, files, load
from k8squiz.bank.followup import follow_ups
from k8squiz.bank.question import Template
from k8squiz.kinds.interface import Task, make_task
from k8squiz.world.world import World

KEYS = Path(__file__).parent / "keys.json"
SEEDS = ("1", "2", "3")


def templates() -> list[Template]:
    """Every question of the bank and every follow-up, in order."""
    found = [load(path) for path in files(bank_folder())]
    return [each for template in found for each in (template, *follow_ups(template))]


def tasks(template: Template) -> dict[str, Task]:
    """What a question asks, by seed."""
    return {seed: make_task(World(draw(template, seed))) for seed in SEEDS}


def keys(drawn: dict[str, Task]) -> dict[str, dict[str, object]]:
    """The truth of each field of a question, by seed."""
    return {
        seed: {field.id: list(field.truth) if isinstance(field.truth, tuple) else field.truth for field in task.fields}
        for seed, task in drawn.items()
    }


def text(recorded: dict[str, dict[str, dict[str, object]]]) -> str:
    """One line a question and seed, so that a difference is seen."""
    lines = [
        f" {json.dumps(name)}: {{\n"
        + ",\n".join(f"  {json.dumps(seed)}: {json.dumps(one, ensure_ascii=False)}" for seed, one in of.items())
        + "\n }"
        for name, of in recorded.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    KEYS.write_text(text({template.meta.id: keys(tasks(template)) for template in templates()}), encoding="utf-8")
