"""How much work a question is to draw and to solve: counted, not timed, so the same file is refused on every machine.

A unit is about a microsecond of a core of its own. What is counted is what a file can multiply: requests by Services by
endpoints, ways by steps, options by rules, sizes by modes. (A workload has limits of its own: engine.limits.)
"""

from __future__ import annotations

from engine.cluster import Cluster
from engine.trace import Outcome
from k8squiz.bank.limits import MOST_WORK
from k8squiz.bank.question import Template
from k8squiz.errors import QuizError

# What one costs: a Service or an endpoint whose rules are made, the same where they are counted before and after a change,
# a rule passed by, a step walked, a predicate or a rule looked at, a request of a timeline.
_COMPILED, _COUNTED, _PASSED, _STEP, _LOOK, _FOLLOWED = 40, 90, 16, 80, 2, 1_500


class TooMuchWork(QuizError):
    """The question is more work than one may be."""


class Work:
    """What is left of MOST_WORK for one question. Raises TooMuchWork, with file:line, once it is spent."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._left = MOST_WORK
        self._counted: set[tuple[str, int, int, str]] = set()

    def compile(self, cluster: Cluster) -> None:
        """A cluster's rules are made, for a walk or to be looked at."""
        self._spend(_COMPILED * (len(cluster.services) + sum(len(each.endpoints) for each in cluster.slices)))

    def count(self, services: int, endpoints: int, mode: str, release: str) -> None:
        """What so many Services cost; once for each size, mode and release."""
        size = (mode, services, endpoints, release)
        if size not in self._counted:
            self._counted.add(size)
            # A packet is followed to each endpoint, past the rules of those before it.
            self._spend(_COUNTED * services * (1 + endpoints) + _PASSED * endpoints**2)

    def walk(self, outcomes: tuple[Outcome, ...]) -> None:
        self._spend(_STEP * sum(len(outcome.hops) + len(outcome.reply) for outcome in outcomes))

    def follow(self, requests: int) -> None:
        """So many requests are followed over time."""
        self._spend(_FOLLOWED * requests)

    def look(self, things: int) -> None:
        self._spend(_LOOK * things)

    def _spend(self, units: int) -> None:
        self._left -= units
        if self._left < 0:
            where = self._template.place("requests" if "requests" in self._template.data else "ask")
            raise TooMuchWork(
                f"{where}: the question takes too long to solve; ask for fewer requests, options, Services, endpoints or sizes",
                f"{where}：求解这道题耗时过长；请减少请求、选项、Service、端点或规模",
            )
