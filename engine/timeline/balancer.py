"""Which nodes a load balancer outside the cluster sends new connections to, as its own health checks have it.

Sources: KEP-3836 and pkg/proxy/healthcheck (service_health.go: the healthCheckNodePort answers 200 where the node has a
ready endpoint of the Service, 503 where it has none, a terminating one included; proxy_health.go: :10256/healthz). How often
it asks and how many answers it wants is the operator's choice; what a provider does when no node answers is not modelled:
no node is sent to then.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class HealthChecks:
    """A check of every node each `interval` milliseconds, at whole multiples of it; `unhealthy` failures in a row take a
    node out, `healthy` successes bring it back."""

    interval: int = 10_000
    unhealthy: int = 3
    healthy: int = 2

    def sends_to(self, passes: Callable[[int], bool], at: int) -> bool:
        """Whether a node is sent new connections at that moment, where `passes` says how a check of it ends at a moment.
        Before the start it stood as a check at the start finds it."""
        state = passes(min(0, at))
        streak = 0
        for moment in range(0, at + 1, self.interval):
            streak = streak + 1 if passes(moment) is not state else 0
            if streak >= (self.unhealthy if state else self.healthy):
                state, streak = not state, 0
        return state
