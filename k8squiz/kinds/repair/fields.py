"""The blank of a repair: a line that mends, graded by walking every request again with it put in."""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.errors import EngineError
from engine.trace import Outcome, Text, Verdict
from engine.values import dataclass
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import FieldBase, Unreadable
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.world.connections import Change, Effect
from k8squiz.world.predicates import Ambiguous, NoSuchWay, Predicate, holds, outcomes_of
from k8squiz.world.world import World, host_name

_HALF = 0.5
_PLACE = re.compile(r"^<[a-z]+>:(?:\d+:)? ?")


@dataclass(frozen=True, slots=True)
class RepairField(FieldBase):
    """A line that mends. A value is the line in its plain form; `given` is what one is shown beforehand, as text that
    is the same in every language.

    `canonical` reads a line (raising Unreadable), `world` is the cluster with a line put in, `goal` and `keep` are
    predicates about it, `shown` the requests whose endings are told. `besides` is what a line changes of all other
    connections of the cluster; `names` may be completed while a line is typed.
    """

    id: str
    label: Text
    truth: str
    given: str
    example: Text
    canonical: Callable[[str], str]
    world: Callable[[str], World]
    goal: Predicate
    shown: tuple[str, ...]
    keep: tuple[Predicate, ...] = ()
    besides: Callable[[str], tuple[Change, ...]] = lambda value: ()
    weight: float = 1.0
    names: tuple[str, ...] = ()

    def read(self, typed: str) -> str:
        """Raises Unreadable for what is no such line, and for what the kernel or the API server would refuse."""
        value = self.canonical(typed)
        try:
            self.effect(value)
        except (EngineError, QuizError) as error:
            # The place is one in a text that nobody has seen.
            raise Unreadable(_PLACE.sub("", error.en), _PLACE.sub("", error.zh)) from None
        return value

    def score(self, value: str) -> float:
        """Nothing where the goal is not met, or where a connection is opened that was shut; else the share of what had to stay
        as it was, counted for one half: what the question names, and all else together."""
        try:
            self.effect(value)
        except (Unreadable, EngineError, QuizError):
            # An answer that was kept from before the question changed is no longer a line that mends.
            return 0.0
        world = self.world(value)
        if not holds_throughout(self.goal, world):
            return 0.0
        changes = self.besides(value)
        if any(change.effect is Effect.OPENED for change in changes):
            return 0.0
        kept, all_ = self._kept(world), len(self.keep) + bool(changes)
        return 1.0 if kept == all_ else _HALF + _HALF * kept / all_

    def _kept(self, world: World) -> int:
        return sum(holds_throughout(each, world) for each in self.keep)

    def reckoned(self, value: str) -> Text | None:
        try:
            self.effect(value)
        except (Unreadable, EngineError, QuizError):
            return None
        world = self.world(value)
        if not holds_throughout(self.goal, world):
            return None
        kept, changes = self._kept(world), self.besides(value)
        en, zh = [], []
        if kept < len(self.keep):
            en.append(f"keeps {kept} of the {len(self.keep)} that had to stay")
            zh.append(f"应保持不变的 {len(self.keep)} 项中保住了 {kept} 项")
        if changes:
            first = min(changes, key=lambda change: change.effect is not Effect.OPENED).told()
            more = len(changes) - 1
            en.append(first.en + (f" and changes {more} more connections" if more else ""))
            zh.append(first.zh + (f"，并改变了另外 {more} 条连接" if more else ""))
        return (
            Text(f"{', '.join(en)}: {self.score(value):.0%}", f"{'，'.join(zh)}：{self.score(value):.0%}")
            if en
            else None
        )

    def show(self, value: str, zh: bool) -> str:
        return value

    @property
    def tried(self) -> bool:
        return True

    def words(self) -> tuple[str, ...]:
        return self.names

    @property
    def before(self) -> str:
        return self.given

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-repair", lang, example=pick(self.example, lang))

    def effect(self, value: str) -> tuple[Text, ...]:
        """How each request ends with `value` put in."""
        world = self.world(value)
        return tuple(_ending(world, name) for name in self.shown)


def holds_throughout(predicate: Predicate, world: World) -> bool:
    """Whether it holds of every way: a connection that is mended now and then is not mended, nor is one that no longer
    goes the way that is asked about."""
    try:
        return holds(predicate, world)
    except (Ambiguous, NoSuchWay):
        return False


def _ways(world: World, name: str) -> tuple[Outcome, ...]:
    """The ways that the request is about; all, where none of those is left."""
    try:
        return outcomes_of(world, name)
    except NoSuchWay:
        return world.all_outcomes(name)


def _ending(world: World, name: str) -> Text:
    outcome = max(
        _ways(world, name), key=lambda outcome: (outcome.verdict is not Verdict.DELIVERED, outcome.probability)
    )
    several = len(world.question.requests) > 1
    prefix = f"{name}: " if several else ""
    if outcome.where is None:
        seen = outcome.source_seen or "-"
        return Text(
            f"{prefix}{outcome.verdict}, the server sees {seen}", f"{prefix}{outcome.verdict}，服务端看到 {seen}"
        )
    host, reason = host_name(outcome.where.host), outcome.where.reason
    return Text(f"{prefix}{outcome.verdict}, {host}: {reason.en}", f"{prefix}{outcome.verdict}，{host}：{reason.zh}")
