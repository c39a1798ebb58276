"""The blank of a repair: a line that mends, graded by walking every request again with it put in."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import EngineError
from engine.trace import Text, Verdict
from engine.values import dataclass
from k8squiz.kinds.fields import FieldBase, Unreadable
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.world.predicates import Ambiguous, Predicate, holds, outcomes_of
from k8squiz.world.world import World, host_name

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class RepairField(FieldBase):
    """A line that mends. A value is the line in its plain form; `given` is what one is shown beforehand, as text that
    is the same in every language.

    `canonical` reads a line (raising Unreadable), `world` is the cluster with a line put in, `goal` and `keep` are
    predicates about it, `shown` the requests whose endings are told.
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
    weight: float = 1.0

    def read(self, typed: str) -> str:
        """Raises Unreadable for what is no such line, and for what the kernel or the API server would refuse."""
        value = self.canonical(typed)
        try:
            self.effect(value)
        except EngineError as error:
            # The place is one in a text that nobody has seen.
            raise Unreadable(error.message, getattr(error, "message_zh", error.zh)) from None
        return value

    def score(self, value: str) -> float:
        """Nothing where the goal is not met; else the share of what had to stay as it was, counted for one half."""
        try:
            self.effect(value)
        except (Unreadable, EngineError):
            # An answer that was kept from before the question changed is no longer a line that mends.
            return 0.0
        world = self.world(value)
        if not holds_throughout(self.goal, world):
            return 0.0
        kept = sum(holds_throughout(each, world) for each in self.keep)
        return 1.0 if kept == len(self.keep) else _HALF + _HALF * kept / len(self.keep)

    def show(self, value: str, zh: bool) -> str:
        return value

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
    """Whether it holds of every way: a connection that is mended now and then is not mended."""
    try:
        return holds(predicate, world)
    except Ambiguous:
        return False


def _ending(world: World, name: str) -> Text:
    outcome = max(
        outcomes_of(world, name), key=lambda outcome: (outcome.verdict is not Verdict.DELIVERED, outcome.probability)
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
