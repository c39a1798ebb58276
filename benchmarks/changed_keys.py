"""Which questions hang on the CNI's own rules: `python benchmarks/changed_keys.py [SEEDS]`.

Draws each question and follow-up with seeds 1 to SEEDS (default 10), once as it is asked and once with kube-proxy's rules
alone, and prints those whose key differs: id, seeds, and the first one's keys.
"""

from __future__ import annotations

import dataclasses
import sys

from engine.errors import EngineError
from k8squiz.bank import find
from k8squiz.bank.draw import draw
from k8squiz.bank.followup import follow_ups
from k8squiz.bank.question import Question, Template
from k8squiz.kinds.interface import make_task
from k8squiz.world.world import World

_PART = "cni-rules"


def _alone(question: Question) -> Question:
    """The question with kube-proxy's rules alone, in every request."""
    requests = (dataclasses.replace(one, without=(*one.without, _PART)) for one in question.requests)
    return dataclasses.replace(question, requests=tuple(requests))


def _key(question: Question) -> str:
    """The task's truth in words: each field's, one after the other."""
    try:
        return " | ".join(f"{field.id}={field.show(field.truth, False)}" for field in make_task(World(question)).fields)
    except EngineError as error:
        return f"({error})"


def _report(template: Template, seeds: int) -> None:
    changed = []
    for seed in range(1, seeds + 1):
        question = draw(template, str(seed))
        whole, alone = _key(question), _key(_alone(question))
        if alone != whole:
            changed.append((seed, alone, whole))
    if changed:
        numbers = ", ".join(str(seed) for seed, _, _ in changed)
        print(f"{template.meta.id}: {len(changed)} of {seeds} seeds ({numbers})")
        print(f"  kube-proxy's rules alone: {changed[0][1][:300]}\n  with the CNI's:           {changed[0][2][:300]}")


if __name__ == "__main__":
    for found in map(find.opened, find.metas()):
        for each in (found, *follow_ups(found)):
            _report(each, int(sys.argv[1]) if len(sys.argv) > 1 else 10)
