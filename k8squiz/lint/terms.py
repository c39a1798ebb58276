"""The terms of a talk's key points: each point has them in both languages, and the model answer says them all.

The explanation of a talk is its model answer. A term that it does not say is one that no good answer need say.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8squiz.bank.question import Template
from k8squiz.kinds.interface import Task, kind
from k8squiz.kinds.talk.fields import PointField
from k8squiz.kinds.talk.heard import heard, ways
from k8squiz.lint.finding import Finding
from k8squiz.world.texts import explanation
from k8squiz.world.world import World


def terms(template: Template, world: World, task: Task, seed: int) -> Iterator[Finding]:
    """What is wrong with the terms of this draw; nothing for a kind that has none."""
    if not kind(template.meta.kind).opens:
        return
    points = [field for field in task.fields if isinstance(field, PointField)]
    if all(point.probe is None for point in points):
        yield Finding(
            template.place("key_points"),
            "no key point has a `probe`: nothing is asked about what was left out",
            "没有任何要点带有 `probe`：漏掉的要点无从追问",
        )
    told = explanation(world)
    for index, point in enumerate(points):
        place = template.place("key_points", index)
        if not point.terms:
            yield Finding(place, "a key point of a talk needs `terms`", "talk 的要点需要 `terms`")
            continue
        for lang, listed in point.terms.items():
            answer = "\n".join(getattr(text, lang) for text in told)
            found = heard(answer, {lang: listed})
            empty = [term for term in listed if not all(ways(term)) or not ways(term)]
            unsaid = ", ".join((*empty, *found.missing, *found.disordered))
            if unsaid:
                yield Finding(
                    place,
                    f"the model answer (explanation, {lang}) does not say, or not in this order: {unsaid} (seed {seed})",
                    f"参考回答（explanation，{lang}）没有说到，或顺序不同：{unsaid}（种子 {seed}）",
                )
