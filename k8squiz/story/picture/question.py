"""The walks of a question, laid out: of each request the likeliest way, and what differs between two of them."""

from __future__ import annotations

from engine.fabric.fabric import build_fabric
from engine.trace import Outcome
from engine.values import dataclass
from k8squiz.story.picture.beside import AlikeRow, WalksBeside, beside
from k8squiz.story.picture.layout import WalkLayout, lay_out
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.world import World


@dataclass(frozen=True, slots=True)
class QuestionWalk:
    """One request's likeliest way: the request's name, from whom to where, of how many ways, the outcome and its layout."""

    name: str
    route: str
    ways: int
    outcome: Outcome
    layout: WalkLayout


def likeliest(outcomes: tuple[Outcome, ...]) -> Outcome:
    """The likeliest of several ways; of equals the first."""
    return max(outcomes, key=lambda outcome: outcome.probability)


def walk_of(world: World, name: str) -> QuestionWalk:
    """The walk of request `name`. Raises as world.predicates.outcomes_of does."""
    outcomes = outcomes_of(world, name)
    outcome = likeliest(outcomes)
    return QuestionWalk(name, world.request(name).route, len(outcomes), outcome, layout_in(world, name, outcome))


def layout_in(world: World, name: str, outcome: Outcome) -> WalkLayout:
    """The layout of an outcome of request `name`."""
    return lay_out(outcome, build_fabric(world.cluster(name), world.request(name).mode))


def question_walks(world: World) -> tuple[QuestionWalk, ...]:
    """The walk of each request of a question, in the question's order."""
    return tuple(walk_of(world, request.name) for request in world.question.requests)


def much_alike(pair: WalksBeside) -> bool:
    """Whether two walks are best told by what differs: at least half of the shorter one is the other's too."""
    alike = sum(len(row.steps) for _, row in pair.rows if isinstance(row, AlikeRow))
    return alike * 2 >= min(sum(1 for _ in pair.left.steps()), sum(1 for _ in pair.right.steps()))


def beside_own(world: World, own: World, name: str) -> WalksBeside:
    """The walk that was wanted beside the one that an answer brings about (an edited World, as a repair is graded by):
    of the answer's ways the one to the same endpoint, where there is one."""
    wanted = walk_of(world, name)
    ways = own.all_outcomes(name)
    same = tuple(way for way in ways if way.destination == wanted.outcome.destination)
    return beside(wanted.layout, layout_in(own, name, likeliest(same or ways)))
