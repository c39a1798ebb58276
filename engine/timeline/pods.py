"""When a pod is there, listens, is ready, is told to end and ends; and what its EndpointSlice says meanwhile.

Sources: the Pod lifecycle page of kubernetes.io ("Termination of Pods"); pkg/kubelet/kuberuntime/kuberuntime_container.go
(killContainer: preStop counts against the grace period, which never falls below minimumGracePeriodInSeconds = 2);
KEP-1672 and staging/src/k8s.io/endpointslice/utils.go (podToEndpoint) for the conditions ready, serving, terminating;
pid_namespaces(7) for a PID 1 that has no handler for SIGTERM.
"""

from __future__ import annotations

import dataclasses
import enum

from engine.cluster import SliceEndpoint
from engine.errors import EngineError
from engine.values import dataclass

# kuberuntime_container.go, minimumGracePeriodInSeconds: what is left for SIGTERM where preStop took the whole grace period.
_LEAST_AFTER_PRE_STOP = 2_000
#: ready, serving, terminating of an endpoint as a timeline's cluster has it.
AS_WRITTEN = (True, True, False)


class SigtermAnswer(enum.StrEnum):
    """What a pod's process does when it gets SIGTERM.

    EXITS: it ends at once, and with it every request in flight. DRAINS: it takes no new connection, closes idle ones and
    finishes what is in flight. IGNORES: it goes on until SIGKILL, as PID 1 does that has installed no handler (a shell
    that does not pass the signal on, for one).
    """

    EXITS = "exits"
    DRAINS = "drains"
    IGNORES = "ignores"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What a workload's author chose: all in milliseconds.

    `listens_after`: from the pod's creation until its process listens. `ready_after`: from then until the readiness probe
    has passed; None: there is no probe, and the pod is Ready as soon as its container runs, at its creation.
    `pre_stop`: lifecycle.preStop.sleep. `grace`: terminationGracePeriodSeconds. `drain`: how long a process that DRAINS
    stays for requests in flight. `probe_fails_after`: how long a pod that no longer listens counts as Ready until its
    probe has failed often enough (failureThreshold times periodSeconds); without a probe it does until it is gone.
    """

    listens_after: int = 0
    ready_after: int | None = 0
    pre_stop: int = 0
    grace: int = 30_000
    on_sigterm: SigtermAnswer = SigtermAnswer.EXITS
    drain: int = 25_000
    probe_fails_after: int = 30_000


@dataclass(frozen=True, slots=True)
class PodLife:
    """What happens to one pod, namespace/name. `created` None: it has been there and ready since before the start;
    `deleted`: when its deletion is asked for (None: never). `unready`: from when to when its readiness probe fails although
    it listens (None: for good). `vanishes`: when its node loses power, and nobody says anything."""

    pod: str
    created: int | None = None
    deleted: int | None = None
    unready: tuple[int, int | None] | None = None
    vanishes: int | None = None


@dataclass(frozen=True, slots=True)
class PodTimes:
    """The moments of one pod; None: never (for `created`, `listens` and `ready`: since before the start).

    `sigterm`: its process is told. `closes`: it no longer takes new connections. `exits`: it has ended, its address and
    whatever it had open are gone. `vanishes`: the same without a FIN or RST to anybody.
    """

    pod: str
    created: int | None
    listens: int | None
    ready: int | None
    deleted: int | None
    sigterm: int | None
    closes: int | None
    exits: int | None
    unready: tuple[int, int | None] | None
    probe_fails: int | None
    vanishes: int | None
    drains: bool

    def exists(self, at: int) -> bool:
        """Whether the pod has its address and can answer for it, be it with a RST."""
        return not _before(at, self.created) and not _past(at, self.exits) and not _past(at, self.vanishes)

    def accepts(self, at: int) -> bool:
        """Whether its process takes a new connection."""
        return self.exists(at) and not _before(at, self.listens) and not _past(at, self.closes)

    def conditions(self, at: int) -> tuple[bool, bool, bool] | None:
        """What the API server's pod makes its endpoint at that moment (podToEndpoint): ready, serving, terminating; None
        before the pod is created and once it is gone. A node that lost power tells nobody: its pods stand as they stood."""
        if _before(at, self.created) or _past(at, self.exits):
            return None
        passes = not _before(at, self.ready) and not _past(at, self.probe_fails)
        if self.unready is not None and _past(at, self.unready[0]) and not _past(at, self.unready[1]):
            passes = False
        terminating = _past(at, self.deleted)
        return passes and not terminating, passes, terminating

    def endpoint(self, written: SliceEndpoint, at: int) -> SliceEndpoint | None:
        """`written` with its conditions at that moment, None where the slice does not have it."""
        found = self.conditions(at)
        if found is None:
            return None
        ready, serving, terminating = found
        return dataclasses.replace(written, ready=ready, serving=serving, terminating=terminating)


def _before(at: int, moment: int | None) -> bool:
    return moment is not None and at < moment


def _past(at: int, moment: int | None) -> bool:
    return moment is not None and at >= moment


def pod_times(life: PodLife, cycle: Lifecycle) -> PodTimes:
    """The moments that follow from what happens to a pod and how its workload is made.

    Raises EngineError where the pod is deleted before it is created.
    """
    created, deleted = life.created, life.deleted
    if created is not None and deleted is not None and deleted < created:
        raise EngineError(
            f"{life.pod} is deleted at {deleted} ms, before it is created at {created} ms",
            zh=f"{life.pod} 在 {deleted} ms 被删除，早于创建时间 {created} ms",
        )
    listens = None if created is None else created + cycle.listens_after
    ready: int | None
    if created is None or listens is None:
        ready = None
    else:
        ready = created if cycle.ready_after is None else listens + cycle.ready_after
    sigterm = closes = exits = probe_fails = None
    if deleted is not None:
        sigterm, closes, exits = _ending(deleted, cycle)
        if closes is not None and cycle.ready_after is not None:
            probe_fails = closes + cycle.probe_fails_after
    return PodTimes(
        life.pod, created, listens, ready, deleted, sigterm, closes, exits, life.unready, probe_fails, life.vanishes,
        cycle.on_sigterm is SigtermAnswer.DRAINS,
    )  # fmt: skip


def _ending(deleted: int, cycle: Lifecycle) -> tuple[int, int, int]:
    """SIGTERM, the end of taking connections, the end of the process."""
    sigterm = deleted + min(cycle.pre_stop, cycle.grace)
    killed = max(deleted + cycle.grace, sigterm + _LEAST_AFTER_PRE_STOP) if cycle.pre_stop else deleted + cycle.grace
    if cycle.on_sigterm is SigtermAnswer.EXITS:
        return sigterm, sigterm, sigterm
    if cycle.on_sigterm is SigtermAnswer.DRAINS:
        return sigterm, sigterm, min(sigterm + cycle.drain, killed)
    return sigterm, killed, killed
