"""An incident: one case of a fault in a scene, drawn by a seed, and the cluster as those who are called find it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping

from engine.cluster import Mode
from engine.errors import quoted
from engine.faults.flows import pod_named, requests, whole, works
from engine.faults.herrings import DrawnHerring, draw_herrings
from engine.faults.interface import Case, FaultError, KnownFault, inject, run_lines
from engine.faults.registry import find_fault, names
from engine.faults.scene import IncidentScene, draw_scene, reconciled, restarted
from engine.shell import Reply, Shell
from engine.shell.live import LiveCluster

_MODES = (Mode.IPTABLES, Mode.IPTABLES, Mode.NFTABLES, Mode.IPVS)


@dataclasses.dataclass(frozen=True)
class Incident:
    """`healthy` and `broken` are the cluster before and after; `baseline` says of each flow whether it worked before,
    `failing` names those that no longer do; `herrings` stand in both."""

    fault: KnownFault
    seed: str
    scene: IncidentScene
    case: Case
    healthy: LiveCluster
    broken: LiveCluster
    baseline: Mapping[str, bool]
    failing: tuple[str, ...]
    herrings: tuple[DrawnHerring, ...] = ()

    @property
    def id(self) -> str:
        """`FAULT.SEED`: what draws it again."""
        return f"{self.fault.name}.{self.seed}"


def draw_incident(fault: str | None = None, *, level: int | None = None, seed: int | str = 0) -> Incident:
    """The incident of a fault, or of any fault of a level, that the seed draws. Raises FaultError where there is none."""
    rng = random.Random(f"incident:{fault}:{level}:{seed}")
    if fault is None:
        fitting = [name for name in names() if level in (None, find_fault(name).level)]
        if not fitting:
            raise FaultError(
                f"no fault has level {level}; there are 1 to 4", zh=f"没有等级为 {level} 的故障；等级从 1 到 4"
            )
        fault = rng.choice(fitting)
    return _drawn(find_fault(fault), str(seed))


def from_id(text: str) -> Incident:
    """The incident that an id draws. Raises FaultError."""
    name, dot, seed = text.partition(".")
    return _drawn(find_fault(name), seed if dot else "0")


def _drawn(fault: KnownFault, seed: str) -> Incident:
    if any("\ud800" <= char <= "\udfff" for char in seed):
        raise FaultError(f"the seed {quoted(seed)} is no text", zh=f"种子 {quoted(seed)} 不是文本")
    rng = random.Random(f"{fault.name}.{seed}")
    plugin = rng.choice(fault.plugins)
    mode = rng.choice([mode for mode in _MODES if mode in fault.modes])
    nodes = max(fault.nodes, rng.choice((2, 3, 3)))
    scene = draw_scene(f"{fault.name}.{seed}", plugin, mode, nodes, fault.strict)
    healthy = LiveCluster(scene.cluster, mode, None, seed)
    if fault.prepare is not None:
        healthy = fault.prepare(scene, healthy)
    # Drawn by themselves, so that they change no other draw.
    herrings = draw_herrings(random.Random(f"herrings:{fault.name}.{seed}"), scene, fault.level)
    for one in herrings:
        healthy = run_lines(healthy, one.herring.lines(scene, one.node))
    baseline = works(scene, healthy)
    cases = list(fault.cases(scene, healthy))
    rng.shuffle(cases)
    for case in cases:
        broken = reconciled(scene, inject(healthy, case))
        now = works(scene, broken)
        failing = tuple(name for name, worked in baseline.items() if worked and not now.get(name, True))
        if failing:
            return Incident(fault, seed, scene, case, healthy, broken, baseline, failing, herrings)
    raise FaultError(
        f"{fault.name} breaks nothing with seed {seed}", zh=f"{fault.name} 在种子 {seed} 下没有影响任何流量"
    )


def step(scene: IncidentScene, live: LiveCluster, host: str, line: str) -> tuple[Reply, LiveCluster]:
    """What a line on a host answers, and the cluster after it: the Deployments' controllers have done their part, and what
    goes on by itself has gone on. Raises NoSuchObject for the host."""
    reply = Shell(live).run(host, line)
    return reply, renewed(reconciled(scene, reply.shell.live))


def renewed(live: LiveCluster) -> LiveCluster:
    """With the conntrack entries of the connections that go on by themselves used just now: they do not run out."""
    for request in live.traffic:
        if pod_named(live, request.source) is not None:
            outcome, after = live.walk(request)
            live = after.remembering(outcome.conntrack) if outcome.conntrack else after
    return live


def deviating(incident: Incident, live: LiveCluster) -> tuple[str, ...]:
    """The flows that do not do what they did before the fault: fail, or come through where they should not."""
    now = works(incident.scene, live)
    return tuple(name for name, worked in incident.baseline.items() if now.get(name, worked) != worked)


def deviates(incident: Incident, live: LiveCluster) -> bool:
    """Whether any flow deviates, now or later (lasting): as soon as one is found, those that failed first."""
    return _deviates(incident, live) or _deviates(incident, later(incident, live))


def _deviates(incident: Incident, live: LiveCluster) -> bool:
    asked = requests(incident.scene, live)
    first = {name: asked[name] for name in incident.failing if name in asked}
    return any(
        whole(live, request) != incident.baseline.get(name, True) for name, request in {**first, **asked}.items()
    )


def lasting(incident: Incident, live: LiveCluster) -> tuple[str, ...]:
    """The flows that deviate once every kube-proxy has synced and the pods of the application have been made anew."""
    return deviating(incident, later(incident, live))


def later(incident: Incident, live: LiveCluster) -> LiveCluster:
    """The cluster once every kube-proxy has synced and the pods of the application have been made anew."""
    scene = incident.scene
    live = live.synced(scene.nodes)
    for template in (*scene.of(scene.front), *scene.of(scene.caller)[:1]):
        live = restarted(scene, live, template)
    return live
