"""What can be looked at after a grade: a node's rules with those that were hit, the walk step by step, what would be if.

Returns renderables.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from engine.trace import Hop, Outcome, Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.screens.grade import meta
from k8squiz.screens.picture import beside_view
from k8squiz.screens.prose import Prose
from k8squiz.screens.walk import outcome_parts
from k8squiz.story.picture.question import beside_own
from k8squiz.terminal.sanitize import one_line
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.rule_lines import RuleLine
from k8squiz.world.what_if import ChangedWorld, WhatIf
from k8squiz.world.world import World, host_name

HIT = "»"


def nodes_with_rules(world: World, name: str) -> tuple[str, ...]:
    """The nodes on the way of a request, in the order in which they are passed."""
    nodes = {node.name for node in world.cluster(name).nodes}
    passed = [host_name(hop.host) for hop in _hops(world, name)]
    return tuple(dict.fromkeys(host for host in passed if host in nodes))


def _likeliest(world: World, name: str) -> Outcome:
    return max(outcomes_of(world, name), key=lambda way: way.probability)


def _hops(world: World, name: str) -> tuple[Hop, ...]:
    outcome = _likeliest(world, name)
    return (*outcome.hops, *outcome.reply)


def rules_view(world: World, name: str, node: str, lang: Lang) -> RenderableType:
    """The chains of `node` in which a rule decided, whole, those rules marked; how many other chains there are."""
    hit: set[tuple[str | None, str | None, str | None]] = set()
    for hop in _hops(world, name):
        if host_name(hop.host) == node:
            hit.add((hop.table, hop.chain, hop.rule))
    lines = world.node_rules(name, node)
    chains = {(table, chain) for table, chain, rule in hit if rule}
    parts: list[RenderableType] = [meta(say("rules-of", lang, node=node))]
    told: tuple[str, str] | None = None
    for line in lines:
        place = (line.table, line.chain)
        if line.declares or place not in chains:
            continue
        if place != told:
            parts.append(Styled(one_line(" ".join(place)), style="strong"))
            told = place
        parts.append(_rule(line, (line.table, line.chain, line.text) in hit))
    others = len({(line.table, line.chain) for line in lines if line.declares} - chains)
    parts.append(Prose(say("other-chains", lang, count=others), "quiet"))
    return Group(*parts)


def _rule(line: RuleLine, hit: bool) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, min_width=1)
    table.add_column(overflow="fold")
    table.add_row(Styled(HIT if hit else "", style="rewritten"), Styled(line.text, style="rule" if hit else "quiet"))
    return table


def steps_of(world: World, name: str, lang: Lang) -> Sequence[RenderableType]:
    """The walk in pieces: a hop each, with the header before it; the verdict last."""
    outcome = _likeliest(world, name)
    heads = {f"request-{hop.n}": hop for hop in outcome.hops} | {f"reply-{hop.n}": hop for hop in outcome.reply}
    pieces: list[RenderableType] = []
    waiting: list[RenderableType] = []
    for key, part in outcome_parts(outcome, lang):
        if key == "heading":
            waiting.append(part)
            continue
        if key in heads:
            hop = heads[key]
            mark = f"  mark {hop.mark:#x}" if hop.mark else ""
            waiting.append(Styled(one_line(f"{hop.src} → {hop.dst}{mark}"), style="quiet"))
        pieces.append(Group(*waiting, part))
        waiting = []
    return pieces


def choices_view(changes: Sequence[WhatIf], lang: Lang) -> RenderableType:
    """What can be changed, numbered."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    for number, change in enumerate(changes, 1):
        table.add_row(str(number), Styled(change.word, style="strong"), Prose(pick(change.meaning, lang)))
    return Group(Styled(""), table)


def changed_view(world: World, name: str, change: WhatIf, lang: Lang) -> RenderableType:
    """The walk as it is beside the one in the changed world."""
    pair = beside_own(world, ChangedWorld(world, change), name)
    names = (Text(say("as-it-is", "en"), say("as-it-is", "zh")), Text(change.word, change.word))
    return Group(Styled(""), beside_view(pair, names, lang, brief=True))
