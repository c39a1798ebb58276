"""What a point that was left out is about: its terms that were not heard, and the hop of the walk that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

from engine.packet import split_host_port
from engine.trace import Direction, HeaderChange, Hop, Text
from k8squiz.bank.question import Grade
from k8squiz.kinds.cause import Cause, WalkPlace
from k8squiz.kinds.interface import Task
from k8squiz.kinds.talk.fields import PointField, told
from k8squiz.kinds.talk.heard import Heard
from k8squiz.locale.i18n import LANGS
from k8squiz.world.evidence import hop_line
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.subjects import needs_no_cluster
from k8squiz.world.world import World

# A chain, a target, an address: what no other word holds.
_VERBATIM = re.compile(r"[A-Z]+(?:-[A-Z]+)+|[DS]NAT|(?:PRE|POST)ROUTING|\d+(?:\.\d+){3}(?::\d+)?")


def point_causes(world: World, task: Task, grade: Grade) -> tuple[Cause, ...]:
    """A line for each key point that was left out, where there is anything to say of it."""
    answer = {mark.field: mark.given for mark in grade.marks}
    missed = {mark.field for mark in grade.differences}
    points = cast("list[PointField]", [field for field in task.fields if field.self_checked and field.id in missed])
    found = (_cause(world, point, answer) for point in points)
    return tuple(cause for cause in found if cause is not None)


def _cause(world: World, field: PointField, answer: Mapping[str, object]) -> Cause | None:
    found = field.pass_over(answer)
    if found is not None and found.whole:
        return None
    shown = _shown(world, _words(field, found))
    en, zh = (list(filter(None, [told(found, lang)])) for lang in LANGS)
    if shown is not None:
        line = hop_line(shown[1], str(shown[0]))
        en.append(f"in the walk: {line.en}")
        zh.append(f"路径中：{line.zh}")
    if not en:
        return None
    place = None if shown is None else WalkPlace(world.first, shown[0], shown[1].n)
    return Cause(field.id, Text("; ".join(en), "；".join(zh)), place=place)


def _words(field: PointField, found: Heard | None) -> tuple[str, ...]:
    """What of the point's terms may stand in a walk word for word: chains, targets, addresses; those not heard, or all."""
    missing = None if found is None else {*found.missing, *found.disordered}
    terms = dict.fromkeys(term for listed in field.terms.values() for term in listed)
    named = [term for term in terms if missing is None or term.split("|")[0].strip() in missing]
    words = (word.strip() for term in named for word in term.split("|")[0].split(">"))
    return tuple(dict.fromkeys(word for word in words if _VERBATIM.fullmatch(word)))


def _shown(world: World, words: tuple[str, ...]) -> tuple[Direction, Hop] | None:
    """The first hop that has the first of these words in its chain or rule, or where an address among them comes in."""
    if not words or needs_no_cluster(world.question):
        return None
    outcome = max(outcomes_of(world, world.first), key=lambda way: way.probability)
    ways = [(Direction.REQUEST, hop) for hop in outcome.hops] + [(Direction.REPLY, hop) for hop in outcome.reply]
    return next((way for word in words for way in ways if _has(way[1], word)), None)


def _has(hop: Hop, word: str) -> bool:
    if word[0].isdigit():
        return any(word in (change.after, split_host_port(change.after)[0]) for change in _addresses(hop))
    return word in f"{str(hop.stage).upper()} {hop.chain or ''} {hop.rule or ''}"


def _addresses(hop: Hop) -> Iterator[HeaderChange]:
    return (change for change in hop.changes if change.field in ("src", "dst"))
