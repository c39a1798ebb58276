"""What comes next on a packet's way, asked at every step of a walk: the options are steps of the same story's walks.

Plain values; nothing here prints or asks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from engine.trace import Direction, Hop, Text
from engine.values import dataclass
from k8squiz.bank.rng import Rng
from k8squiz.kinds.rules_of_thumb import rule_of_thumb
from k8squiz.kinds.stages import STAGES
from k8squiz.story.blocks import Walk

_OPTIONS = 4
_ENDS = "-/ends"
_REPLY = "reply "


@dataclass(frozen=True, slots=True)
class ForetoldStep:
    """What happens on one host in one stage: `key` is `host/stage`, `hops` are none where the walk ends."""

    key: str
    text: Text
    direction: Direction
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Foretelling:
    """What may come after step `after` of a walk: `options` are steps, of which the one at `truth` comes."""

    after: int
    options: tuple[ForetoldStep, ...]
    truth: int


@dataclass(frozen=True, slots=True)
class ForetoldWalk:
    """A walk as steps, and what is asked after each but the last."""

    walk: Walk
    steps: tuple[ForetoldStep, ...]
    asked: tuple[Foretelling, ...]

    def why_not(self, after: int, picked: ForetoldStep) -> Text:
        """Why `picked` does not come after that step: when it does, if ever, and the rule of thumb that says so."""
        coming = self.steps[after + 1]
        if picked.key == _ENDS:
            return Text("it does not end here", "它没有到此为止")
        at = next((n for n, step in enumerate(self.steps) if n > after and _same(step, picked)), None)
        if at is None:
            was = any(_same(step, picked) for step in self.steps[: after + 1])
            return (
                Text("that is done already", "这一步已经过去了")
                if was
                else Text("it does not happen in this walk", "这次不会发生")
            )
        hop = self.steps[at].hops[0].n
        reply = self.steps[at].direction is Direction.REPLY
        told = Text(
            f"that comes later, at {_REPLY if reply else ''}hop {hop}",
            f"那是后面的事：{'回程' if reply else ''}第 {hop} 跳",
        )
        rule = rule_of_thumb(coming.key, picked.key) if coming.direction is picked.direction else None
        return told if rule is None else Text(f"{told.en}. {rule.en}", f"{told.zh}。{rule.zh}")


def foretold(walks: Sequence[Walk]) -> tuple[ForetoldWalk, ...]:
    """Each walk of a story with what is asked. The same story asks the same."""
    every = [_steps(walk) for walk in walks]
    return tuple(
        ForetoldWalk(walk, steps, tuple(_asked(walk, steps, at, every) for at in range(len(steps) - 1)))
        for walk, steps in zip(walks, every, strict=True)
    )


def _steps(walk: Walk) -> tuple[ForetoldStep, ...]:
    """Hops of one host and stage in a row are one step; a walk that fails ends with a step of its own."""
    outcome = walk.outcome
    found = [
        _step(key, direction, tuple(hops))
        for direction, way in ((Direction.REQUEST, outcome.hops), (Direction.REPLY, outcome.reply))
        for key, hops in itertools.groupby(way, key=lambda hop: (hop.host, str(hop.stage)))
    ]
    if outcome.where is not None:
        found.append(
            ForetoldStep(
                _ENDS,
                Text(f"it ends here: {outcome.verdict}", f"到此为止：{outcome.verdict}"),
                outcome.where.direction,
                (),
            )
        )
    return tuple(found)


def _step(key: tuple[str, str], direction: Direction, hops: tuple[Hop, ...]) -> ForetoldStep:
    host, stage = key
    # Where no NAT rule stands, conntrack translates an answer back.
    undone = next(
        (f"restore-{change.field}" for hop in hops for change in hop.changes if change.field in ("src", "dst")), None
    )
    if stage in ("prerouting", "postrouting") and undone is not None and direction is Direction.REPLY:
        stage = undone
    elif stage == "socket" and direction is Direction.REPLY and hops[0].n == 1:
        stage = "answer"
    card = STAGES[stage].card
    return ForetoldStep(f"{host}/{stage}", Text(card.en.format(host=host), card.zh.format(host=host)), direction, hops)


def _asked(
    walk: Walk, steps: tuple[ForetoldStep, ...], at: int, every: Sequence[tuple[ForetoldStep, ...]]
) -> Foretelling:
    coming = steps[at + 1]
    others: list[ForetoldStep] = []
    for step in _plausible(steps, at, every):
        known = {other.text for other in (coming, steps[at], *others)}
        if step.text not in known and len(others) < _OPTIONS - 1:
            others.append(step)
    options = tuple(Rng("explain", walk.caption.en, at).shuffled([coming, *others]))
    return Foretelling(at, options, options.index(coming))


def _plausible(
    steps: tuple[ForetoldStep, ...], at: int, every: Sequence[tuple[ForetoldStep, ...]]
) -> Iterator[ForetoldStep]:
    """First what comes after the same step in another walk, then what comes later here, on this host before others; then
    what came before, the last first; then all that the story has."""
    here = steps[at]
    for other in every:
        yield from (after for step, after in itertools.pairwise(other) if _same(step, here))
    later = steps[at + 2 :]
    host = here.key.partition("/")[0]
    yield from (step for step in later if step.key.startswith(f"{host}/") and step.direction is here.direction)
    yield from later
    yield from reversed(steps[:at])
    yield from itertools.chain.from_iterable(every)


def _same(one: ForetoldStep, other: ForetoldStep) -> bool:
    return one.key == other.key and one.direction is other.direction
