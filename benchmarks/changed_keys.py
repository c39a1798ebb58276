"""Which questions have another answer with the CNI's own rules in place: `python benchmarks/changed_keys.py [SEEDS]`.

Questions are asked with kube-proxy's rules alone (k8squiz/world/release.py says why). This draws each with seeds 1 to SEEDS
(default 10) both ways and prints a line for each whose key differs: id, seeds, and the first one's keys.
"""

from __future__ import annotations

import sys

from engine.errors import EngineError
from k8squiz.bank import find
from k8squiz.bank.draw import draw
from k8squiz.bank.question import Template
from k8squiz.kinds.interface import make_task
from k8squiz.world import release
from k8squiz.world.world import World

ALONE = release.WITHOUT


def key_of(template: Template, seed: int, without: frozenset[str]) -> str:
    """The task's truth in words: each field's, one after the other."""
    release.WITHOUT = without
    try:
        task = make_task(World(draw(template, str(seed))))
        return " | ".join(f"{field.id}={field.show(field.truth, False)}" for field in task.fields)
    except EngineError as error:
        return f"({error})"
    finally:
        release.WITHOUT = ALONE


def main(seeds: int) -> None:
    for template in map(find.opened, find.metas()):
        changed = []
        for seed in range(1, seeds + 1):
            alone, whole = (key_of(template, seed, without) for without in (ALONE, frozenset[str]()))
            if alone != whole:
                changed.append((seed, alone, whole))
        if changed:
            print(
                f"{template.meta.id}: {len(changed)} of {seeds} seeds ({', '.join(str(seed) for seed, _, _ in changed)})"
            )
            print(
                f"  kube-proxy's rules alone: {changed[0][1][:300]}\n  with the CNI's:           {changed[0][2][:300]}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
