"""A question's cluster where a command takes any: `--question ID --seed S`, or `question:ID:S` as its CLUSTER."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.values import dataclass

# The bank and the world are for those who name a question; a start without one is not to wait for them.
if TYPE_CHECKING:
    from engine.cluster import Cluster
    from k8squiz.bank.question import QuestionRequest

PREFIX = "question:"
_SEED = "1"


@dataclass(frozen=True, slots=True)
class QuestionWorld:
    """What a question's request is about: its cluster, and the request."""

    cluster: Cluster
    request: QuestionRequest


def named(question: str, seed: str | None = None) -> str:
    """How a question's cluster is named among paths."""
    return f"{PREFIX}{question}:{seed or _SEED}"


def opened(name: str, request: str | None = None) -> QuestionWorld:
    """What `name` (as `named` writes it) stands for; `request` is the one that is meant (default: the first).

    Raises QuizError for a question or a request that does not exist."""
    from k8squiz.bank.draw import draw
    from k8squiz.bank.find import find
    from k8squiz.world.world import World

    question, _, seed = name.removeprefix(PREFIX).partition(":")
    world = World(draw(find(question), seed or _SEED))
    chosen = request or world.first
    return QuestionWorld(world.cluster(chosen), world.request(chosen))
